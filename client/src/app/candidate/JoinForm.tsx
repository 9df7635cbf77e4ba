import { Alert, Button, Card, Stack, Text, TextInput, Title } from "@mantine/core";
import { type FormEvent, useState } from "react";
import type { JoinedParticipant } from "../../sdk";
import { call, codeOf, textOf } from "../shared/api";
import { Page } from "../shared/Page";
import type { Problem } from "../shared/ProblemPage";
import type { CandidateSession } from "./session";

interface JoinFormProps {
  meetingId: string;
  code: string;
  onJoined(session: CandidateSession): void;
  onRefused(problem: Problem, detail?: string): void;
}

/** Refusals that no other name would change. */
const REFUSALS: Record<string, Problem> = {
  ended: "exam_ended",
  not_authenticated: "bad_link",
  not_allowed: "bad_link",
  not_found: "bad_link",
};

export function JoinForm({ meetingId, code, onJoined, onRefused }: JoinFormProps) {
  const [name, setName] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();

  const join = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      const path = `/api/meetings/${encodeURIComponent(meetingId)}/join`;
      const { token, participant } = await call<JoinedParticipant>(path, { body: { name: name.trim(), code } });
      onJoined({ token, meetingId: participant.meeting_id, name: participant.name });
    } catch (failure) {
      const problem = REFUSALS[codeOf(failure) ?? ""];
      if (problem) onRefused(problem, textOf(failure));
      else setError(textOf(failure));
      setBusy(false);
    }
  };
  return (
    <Page title="Join the exam" width={480}>
      <Card component="form" onSubmit={(event) => void join(event)}>
        <Stack>
          <Title order={1}>Join the exam</Title>
          <Text c="dimmed">You will be told what is recorded, and asked whether you agree, before your camera is turned on.</Text>
          <TextInput
            label="Your full name"
            description="As your exam office knows it"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            autoComplete="name"
            maxLength={200}
            required
            data-testid="join-name"
          />
          {error ? <Alert color="danger">{error}</Alert> : null}
          <Button type="submit" loading={busy} disabled={!name.trim()} data-testid="join-submit">
            Continue
          </Button>
        </Stack>
      </Card>
    </Page>
  );
}
