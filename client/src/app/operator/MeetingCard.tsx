import { Alert, Badge, Button, Card, Collapse, Group, Stack, Text, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import type { Meeting, ShownMeeting } from "../../sdk";
import { call, textOf } from "../shared/api";
import { Confirm } from "../shared/Confirm";
import { dayAndClock } from "../shared/words";
import { AddCandidate } from "./AddCandidate";
import { AddReviewer } from "./AddReviewer";
import { CopyField } from "./CopyField";
import { Keeping } from "./Keeping";

interface MeetingCardProps {
  meeting: Meeting;
  token: string;
  initiallyOpen: boolean;
  onChanged(meeting: Meeting): void;
}

export function MeetingCard({ meeting, token, initiallyOpen, onChanged }: MeetingCardProps) {
  const [open, { toggle }] = useDisclosure(initiallyOpen);
  const [ending, end] = useDisclosure(false);
  const [keeping, keep] = useDisclosure(false);
  const running = meeting.state === "open";

  const confirmEnd = async () => {
    onChanged((await call<ShownMeeting>(`/api/meetings/${meeting.id}/end`, { token, body: {} })).meeting);
  };
  return (
    <Card padding="md" data-testid="meeting-row" data-meeting-id={meeting.id} data-state={meeting.state}>
      <Group justify="space-between" wrap="nowrap">
        <UnstyledButton onClick={toggle} aria-expanded={open} flex={1} miw={0}>
          <Group gap="sm" wrap="nowrap">
            {open ? <IconChevronDown size={18} aria-hidden /> : <IconChevronRight size={18} aria-hidden />}
            <Stack gap={0} miw={0}>
              <Text fw={600} truncate>
                {meeting.title}
              </Text>
              <Text size="sm" c="dimmed">
                Created {dayAndClock(meeting.created_at)}
                {meeting.ended_at ? `, ended ${dayAndClock(meeting.ended_at)}` : ""}
              </Text>
            </Stack>
          </Group>
        </UnstyledButton>
        <Badge variant="light" color={running ? "harbor" : "gray"} tt="none">
          {running ? "Open" : "Ended"}
        </Badge>
        <Button
          component="a"
          href={`/review/${meeting.id}#token=${encodeURIComponent(token)}`}
          target="_blank"
          rel="noopener"
          variant="default"
          size="compact-sm"
          flex="none"
          aria-label={`Review: ${meeting.title}`}
          data-testid="review-meeting"
        >
          Review
        </Button>
      </Group>
      <Collapse expanded={open}>
        <Stack pt="md" gap="lg">
          {running ? <Links meetingId={meeting.id} token={token} /> : <Text c="dimmed">Nobody can join any more.</Text>}
          {running ? <AddCandidate meetingId={meeting.id} token={token} /> : null}
          <AddReviewer meetingId={meeting.id} token={token} />
          <Group justify="flex-end">
            <Button variant="subtle" size="sm" onClick={keep.open} data-testid="keeping-open">
              Keeping…
            </Button>
            {running ? (
              <Button variant="subtle" color="danger" size="sm" onClick={end.open} data-testid="end-meeting">
                End meeting…
              </Button>
            ) : null}
          </Group>
        </Stack>
      </Collapse>
      <Confirm opened={ending} onClose={end.close} title="End this meeting?" action="End meeting" danger onConfirm={confirmEnd}>
        <Text>
          &ldquo;{meeting.title}&rdquo; ends for every candidate at once and cannot be opened again. What was recorded stays.
        </Text>
      </Confirm>
      <Keeping meeting={meeting} token={token} opened={keeping} onClose={keep.close} />
    </Card>
  );
}

/** Loaded when a card is opened: a proctor's link is made anew each time. */
function Links({ meetingId, token }: { meetingId: string; token: string }) {
  const [links, setLinks] = useState<ShownMeeting>();
  const [error, setError] = useState<string>();

  useEffect(() => {
    let current = true;
    call<ShownMeeting>(`/api/meetings/${meetingId}`, { token }).then(
      (answer) => current && setLinks(answer),
      (failure: unknown) => current && setError(textOf(failure)),
    );
    return () => {
      current = false;
    };
  }, [meetingId, token]);

  if (error) return <Alert color="danger">{error}</Alert>;
  return (
    <Stack gap="sm">
      <CopyField
        label="Candidates' link"
        description="One for all. Each candidate enters their own name."
        value={links?.candidate_url ?? undefined}
        testId="candidate-link"
      />
      <CopyField
        label="Proctor's link"
        description="Opens the live view. Whoever has it sees every candidate: send it to proctors only."
        value={links?.proctor_url ?? undefined}
        testId="proctor-link"
      />
    </Stack>
  );
}
