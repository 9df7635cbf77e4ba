import { Button, Card, Checkbox, Divider, Group, Stack, Text, ThemeIcon, Title } from "@mantine/core";
import { IconEye, IconHelp, IconScale, IconSearch, IconVideo } from "@tabler/icons-react";
import { useState } from "react";
import { Page } from "../shared/Page";

/** Goes to the server with the agreement. Change it whenever the words below change. */
export const CONSENT_VERSION = "2025-1";

const POINTS = [
  {
    icon: IconVideo,
    title: "What is sent",
    text: "Small pictures from your camera, several a second, from the start of the exam until you finish; those that show a problem are kept. No sound. Also when you leave this tab, this window or full screen, copy or paste (never what), or have a second screen or a virtual camera.",
  },
  {
    icon: IconEye,
    title: "Who sees it",
    text: "The proctors of this exam, live, and the people who review it afterwards. Other candidates never do. Everything stays on the server of whoever runs your exam, for as long as their rules say.",
  },
  {
    icon: IconSearch,
    title: "What is looked for automatically",
    text: "Nobody or several people in view, and pictures that stop arriving. You are told at once, in a banner at the top of the page.",
  },
  {
    icon: IconScale,
    title: "Who decides",
    text: "A person. The software only points things out. A proctor looks at each notice and confirms or dismisses it, and you can see everything that is noted about you.",
  },
  {
    icon: IconHelp,
    title: "If you need help",
    text: "Speak to whoever invited you to this exam before you agree. During the exam your proctor can write to you on this page.",
  },
];

interface ConsentProps {
  name: string | undefined;
  onAccept(): void;
}

export function Consent({ name, onAccept }: ConsentProps) {
  const [agreed, setAgreed] = useState(false);
  return (
    <Page title="Before you start" width={720}>
      <Card>
        <Stack gap="lg">
          <Stack gap={4}>
            <Title order={1}>Before you start{name ? `, ${name}` : ""}</Title>
            <Text c="dimmed">This exam is proctored by camera. Your camera is still off.</Text>
          </Stack>
          <Stack gap="md" component="ul" p={0} m={0} style={{ listStyle: "none" }}>
            {POINTS.map(({ icon: Icon, title, text }) => (
              <Group key={title} component="li" align="flex-start" wrap="nowrap" gap="md">
                <ThemeIcon variant="light" size={36} radius="md" aria-hidden>
                  <Icon size={20} stroke={1.7} />
                </ThemeIcon>
                <div>
                  <Text fw={600}>{title}</Text>
                  <Text size="sm">{text}</Text>
                </div>
              </Group>
            ))}
          </Stack>
          <Divider />
          <Checkbox
            checked={agreed}
            onChange={(event) => setAgreed(event.currentTarget.checked)}
            label="I have read this and agree to be proctored in this way."
            data-testid="consent-check"
          />
          <Group justify="space-between">
            <Text size="sm" c="dimmed">
              If you do not agree, close this page. Nothing has been recorded.
            </Text>
            <Button disabled={!agreed} onClick={onAccept} data-testid="consent-accept">
              Agree and check my camera
            </Button>
          </Group>
        </Stack>
      </Card>
    </Page>
  );
}
