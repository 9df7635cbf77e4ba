import { Button, Card, Stack, Text, Title } from "@mantine/core";
import { Page } from "../shared/Page";

/** Only one window streams. This one was replaced, and may take the exam back. */
export function Elsewhere({ onContinue }: { onContinue: () => void }) {
  return (
    <Page title="Exam in another window" width={560}>
      <Card mt="xl" data-testid="elsewhere">
        <Stack gap="sm" align="flex-start">
          <Title order={1}>Your exam goes on in another window</Title>
          <Text>This window sends nothing any more, and its camera is off.</Text>
          <Text c="dimmed">If the other window is the right one, close this one. Otherwise go on here; the other one then stops.</Text>
          <Button onClick={onContinue} data-testid="continue-here">
            Continue here
          </Button>
        </Stack>
      </Card>
    </Page>
  );
}
