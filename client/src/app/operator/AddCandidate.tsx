import { Alert, Button, Group, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import type { JoinedParticipant } from "../../sdk";
import { call, textOf } from "../shared/api";
import { CopyField } from "./CopyField";

/** A named candidate gets a link of their own, and need not enter a name. */
export function AddCandidate({ meetingId, token }: { meetingId: string; token: string }) {
  const [name, setName] = useState("");
  const [added, setAdded] = useState<JoinedParticipant[]>([]);
  const [error, setError] = useState<string>();

  const add = async (event: FormEvent) => {
    event.preventDefault();
    setError(undefined);
    try {
      const body = { name: name.trim(), role: "candidate" };
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
            label="Add a candidate by name"
            description="Makes a personal link. It is shown once, here."
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            maxLength={200}
            flex="1 1 16rem"
            data-testid="candidate-name"
          />
          <Button type="submit" variant="default" disabled={!name.trim()} data-testid="add-candidate">
            Add
          </Button>
        </Group>
      </form>
      {error ? <Alert color="danger">{error}</Alert> : null}
      {added.map(({ participant, url }) => (
        <CopyField key={participant.id} label={`Link for ${participant.name}`} value={url} testId="personal-link" />
      ))}
    </Stack>
  );
}
