import { Alert, Button, Group, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import type { JoinedParticipant } from "../../sdk";
import { call, textOf } from "../shared/api";
import { CopyField } from "./CopyField";

/** A reviewer gets a link to the recordings of this meeting, also when it is over; decisions are kept under the name. */
export function AddReviewer({ meetingId, token }: { meetingId: string; token: string }) {
  const [name, setName] = useState("");
  const [added, setAdded] = useState<JoinedParticipant[]>([]);
  const [error, setError] = useState<string>();

  const add = async (event: FormEvent) => {
    event.preventDefault();
    setError(undefined);
    try {
      const body = { name: name.trim(), role: "reviewer" };
      const joined = await call<JoinedParticipant>(`/api/meetings/${meetingId}/participants`, { token, body });
      setAdded((before) => [joined, ...before]);
      setName("");
    } catch (failure) {
      setError(textOf(failure));
    }
  };
  return (
    <Stack gap="sm">
      <form onSubmit={(event) => void add(event)}>
        <Group align="flex-end" gap="xs">
          <TextInput
            label="Add a reviewer by name"
            description="Makes a link to the recordings. It is shown once, here."
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            maxLength={200}
            flex="1 1 16rem"
            data-testid="reviewer-name"
          />
          <Button type="submit" variant="default" disabled={!name.trim()} data-testid="add-reviewer">
            Add
          </Button>
        </Group>
      </form>
      {error ? <Alert color="danger">{error}</Alert> : null}
      {added.map(({ participant, url }) => (
        <CopyField key={participant.id} label={`Link for ${participant.name}`} value={url} testId="reviewer-link" />
      ))}
    </Stack>
  );
}
