import { Alert, Button, Stack, Text, Title } from "@mantine/core";
import { useCallback, useEffect, useState } from "react";
import type { CreatedMeeting, Meeting, MeetingList } from "../../sdk";
import { call, codeOf, textOf } from "../shared/api";
import { Page } from "../shared/Page";
import { tabSession, takeTokenFromAddress } from "../shared/session";
import { CreateMeeting } from "./CreateMeeting";
import { MeetingCard } from "./MeetingCard";
import { TokenForm } from "./TokenForm";

const UNKNOWN_TOKEN = "The server does not know this token. It makes a new one at each start unless one is set.";

const session = tabSession<string>("operator");

/** Meetings: make them, hand out their links, end them. */
export default function OperatorPage() {
  const [token, setToken] = useState(() => takeTokenFromAddress() ?? session.read());
  const [refusal, setRefusal] = useState<string>();
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    if (token) session.write(token);
    else session.clear();
  }, [token]);

  const refuse = useCallback((text: string) => {
    setRefusal(text);
    setToken(undefined);
  }, []);
  return (
    <Page title="Meetings" width={860}>
      {token ? (
        <Meetings key={attempt} token={token} onRefused={refuse} onRetry={() => setAttempt(attempt + 1)} />
      ) : (
        <TokenForm refusal={refusal} onToken={setToken} />
      )}
    </Page>
  );
}

interface MeetingsProps {
  token: string;
  onRefused(text: string): void;
  onRetry(): void;
}

function Meetings({ token, onRefused, onRetry }: MeetingsProps) {
  const [meetings, setMeetings] = useState<Meeting[]>();
  const [after, setAfter] = useState<string | null>(null);
  const [error, setError] = useState<string>();
  const [newest, setNewest] = useState<string>();

  const add = useCallback((page: MeetingList) => {
    setMeetings((before = []) => withoutTwins([...before, ...page.meetings]));
    setAfter(page.after);
  }, []);
  const fail = useCallback(
    (failure: unknown) => {
      if (codeOf(failure) === "not_authenticated") onRefused(UNKNOWN_TOKEN);
      else setError(textOf(failure));
    },
    [onRefused],
  );
  useEffect(() => {
    void call<MeetingList>("/api/meetings", { token }).then(add, fail);
  }, [token, add, fail]);

  const created = ({ meeting }: CreatedMeeting) => {
    setNewest(meeting.id);
    setMeetings((before = []) => [meeting, ...before]);
  };
  const changed = (meeting: Meeting) =>
    setMeetings((before = []) => before.map((each) => (each.id === meeting.id ? meeting : each)));
  return (
    <Stack gap="xl">
      <CreateMeeting token={token} onCreated={created} />
      <Stack gap="sm">
        <Title order={2}>Meetings</Title>
        {error ? (
          <Alert color="danger" title="The meetings could not be loaded">
            <Text size="sm">{error}</Text>
            <Button mt="sm" size="xs" variant="default" onClick={onRetry}>
              Try again
            </Button>
          </Alert>
        ) : null}
        {meetings?.length === 0 ? <Text c="dimmed">None yet. Give your first exam a title above.</Text> : null}
        {meetings?.map((meeting) => (
          <MeetingCard key={meeting.id} meeting={meeting} token={token} initiallyOpen={meeting.id === newest} onChanged={changed} />
        ))}
        {after ? (
          <Button variant="subtle" onClick={() => void call<MeetingList>(`/api/meetings?after=${after}`, { token }).then(add, fail)}>
            Show older meetings
          </Button>
        ) : null}
      </Stack>
    </Stack>
  );
}

/** A meeting that was just made may come in a later page again. */
function withoutTwins(meetings: Meeting[]): Meeting[] {
  return [...new Map(meetings.map((meeting) => [meeting.id, meeting])).values()];
}
