import { Button, Card, Checkbox, Divider, Group, Stack, Text, ThemeIcon, Title } from "@mantine/core";
import { IconClock, IconEye, IconHeartHandshake, IconHelp, IconScale, IconSearch, IconUserCheck, IconVideo } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import type { HeldList } from "../../sdk";
import { chosen, inWords } from "../shared/accommodations";
import { call } from "../shared/api";
import { Page } from "../shared/Page";
import { aboutTemplate, howLong, lookedFor, whatIsSent } from "./lookedFor";

const BEFORE = [
  {
    icon: IconEye,
    title: "Who sees it",
    text: "The proctors of this exam, live, and the people who review it afterwards. Other candidates never do. Everything stays on the server of whoever runs your exam.",
  },
];
const AFTER = [
  {
    icon: IconScale,
    title: "Who decides",
    text: "A person. The software only points things out. A proctor looks at each notice and confirms or dismisses it, and you can see everything that is noted about you.",
  },
  {
    icon: IconHelp,
    title: "If you need help",
    text: "Do you need to look away, to have somebody with you, or anything else that is looked for? Speak to whoever invited you before you agree: it can be allowed for you. During the exam your proctor can write to you on this page.",
  },
];

/** By the rules that are in force for this candidate. */
function pointsOf(rules: HeldList | undefined) {
  const template = aboutTemplate(rules?.looked_for);
  const agreed = inWords(chosen(rules?.accommodations));
  return [
    { icon: IconVideo, title: "What is sent", text: whatIsSent(rules?.recorded) },
    ...BEFORE,
    { icon: IconClock, title: "How long it is kept", text: howLong(rules?.kept) },
    { icon: IconSearch, title: "What is looked for automatically", text: lookedFor(rules?.looked_for) },
    ...(template ? [{ icon: IconUserCheck, title: "Your face template", text: template }] : []),
    ...(agreed ? [{ icon: IconHeartHandshake, title: "What is all right for you", text: `This was agreed with you: ${agreed}.` }] : []),
    ...AFTER,
  ];
}

interface ConsentProps {
  token: string;
  name: string | undefined;
  onAccept(): void;
}

export function Consent({ token, name, onAccept }: ConsentProps) {
  const rules = useRules(token);
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
            {pointsOf(rules).map(({ icon: Icon, title, text }) => (
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

/** Undefined until the server has told, and when it cannot be reached: then everything is named that may be looked for. */
function useRules(token: string): HeldList | undefined {
  const [rules, setRules] = useState<HeldList>();
  useEffect(() => {
    let wanted = true;
    call<HeldList>("/api/held", { token }).then(
      (answer) => wanted && setRules(answer),
      () => undefined,
    );
    return () => {
      wanted = false;
    };
  }, [token]);
  return rules;
}
