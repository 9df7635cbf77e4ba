import { Card, Loader, Stack, Text, Title } from "@mantine/core";
import type { LinkState } from "../../sdk";
import { Page } from "../shared/Page";

/** Between "Finish" and the server's word that it knows. Only then has the candidate finished. */
export function Telling({ link }: { link: LinkState }) {
  const reached = link === "connected" || link === "http";
  return (
    <Page title="Finishing" width={560}>
      <Card mt="xl" data-testid="telling">
        <Stack gap="sm" role="status">
          <Title order={1}>Telling your proctor…</Title>
          <Text>Your camera is off. Keep this page open until it says that you have finished.</Text>
          {reached ? null : <Text fw={600}>The server cannot be reached just now; we go on trying. Check your network.</Text>}
          <Loader size="sm" aria-hidden />
        </Stack>
      </Card>
    </Page>
  );
}
