import { Card, Stack, Text, Title } from "@mantine/core";
import { Page } from "./Page";

const PROBLEMS = {
  bad_link: {
    title: "This link does not work",
    text: "It may have expired, be incomplete, or belong to another exam.",
    advice: "Open the link in your invitation again, and check that all of it was copied. If it still does not work, ask whoever sent it for a new one.",
  },
  exam_ended: {
    title: "This exam has ended",
    text: "Your camera is off and nothing is being recorded any more.",
    advice: "You can close this page. If you think that this is a mistake, contact whoever runs your exam.",
  },
  finished: {
    title: "You have finished",
    text: "Your camera is off and nothing is being recorded any more.",
    advice: "You can close this page.",
  },
  meeting_ended: {
    title: "This meeting has ended",
    text: "No candidate is being watched any more.",
    advice: "What was recorded stays with the operator of this server.",
  },
  unknown_page: {
    title: "There is nothing here",
    text: "This address does not belong to any page.",
    advice: "Check the link that you were given.",
  },
} as const;

export type Problem = keyof typeof PROBLEMS;

interface ProblemPageProps {
  problem: Problem;
  /** The server's own words, when it gave a reason. */
  detail?: string | undefined;
}

/** A page that says what is the matter and what to do now. */
export function ProblemPage({ problem, detail }: ProblemPageProps) {
  const { title, text, advice } = PROBLEMS[problem];
  return (
    <Page title={title} width={560}>
      <Card mt="xl" data-testid={problem === "bad_link" ? "bad-link" : problem.replaceAll("_", "-")}>
        <Stack gap="sm">
          <Title order={1}>{title}</Title>
          {detail ? <Text fw={600}>{detail}</Text> : null}
          <Text>{text}</Text>
          <Text c="dimmed">{advice}</Text>
        </Stack>
      </Card>
    </Page>
  );
}
