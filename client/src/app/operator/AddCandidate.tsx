import { Alert, Button, Collapse, Group, Stack, TextInput, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import type { JoinedParticipant } from "../../sdk";
import { type Choice, NONE, overridesOf } from "../shared/accommodations";
import { AccommodationFields } from "../shared/AccommodationFields";
import { call, textOf } from "../shared/api";
import { CopyField } from "./CopyField";

/** A named candidate gets a link of their own, and need not enter a name. */
export function AddCandidate({ meetingId, token }: { meetingId: string; token: string }) {
  const [name, setName] = useState("");
  const [choice, setChoice] = useState<Choice>(NONE);
  const [open, { toggle, close }] = useDisclosure(false);
  const [added, setAdded] = useState<JoinedParticipant[]>([]);
  const [error, setError] = useState<string>();

  const add = async (event: FormEvent) => {
    event.preventDefault();
    setError(undefined);
    try {
      const body = { name: name.trim(), role: "candidate", accommodations: overridesOf(choice) };
      const joined = await call<JoinedParticipant>(`/api/meetings/${meetingId}/participants`, { token, body });
      setAdded((before) => [joined, ...before]);
      setName("");
      setChoice(NONE);
      close();
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
        <UnstyledButton type="button" onClick={toggle} aria-expanded={open} fz="sm" c="dimmed" w="fit-content" mt="xs" data-testid="accommodate">
          <Group gap={4}>
            {open ? <IconChevronDown size={16} /> : <IconChevronRight size={16} />}
            Accommodations
          </Group>
        </UnstyledButton>
        <Collapse expanded={open} mt="xs">
          <AccommodationFields choice={choice} onChoice={setChoice} />
        </Collapse>
      </form>
      {error ? <Alert color="danger">{error}</Alert> : null}
      {added.map(({ participant, url }) => (
        <CopyField key={participant.id} label={`Link for ${participant.name}`} value={url} testId="personal-link" />
      ))}
    </Stack>
  );
}
