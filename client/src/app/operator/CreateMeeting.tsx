import { Alert, Button, Card, Collapse, Group, NumberInput, Stack, TextInput, Title, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import type { CreatedMeeting } from "../../sdk";
import { call, textOf } from "../shared/api";

interface CreateMeetingProps {
  token: string;
  onCreated(created: CreatedMeeting): void;
}

interface Advanced {
  sample_interval?: number;
  fps?: number;
  width?: number;
}

export function CreateMeeting({ token, onCreated }: CreateMeetingProps) {
  const [title, setTitle] = useState("");
  const [advanced, setAdvanced] = useState<Advanced>({});
  const [open, { toggle }] = useDisclosure(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();

  const create = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      onCreated(await call<CreatedMeeting>("/api/meetings", { token, body: { title: title.trim(), settings: settingsOf(advanced) } }));
      setTitle("");
    } catch (failure) {
      setError(textOf(failure));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Card component="form" onSubmit={(event) => void create(event)}>
      <Stack gap="md">
        <Title order={1}>New meeting</Title>
        <Group align="flex-end" gap="sm">
          <TextInput
            label="Title"
            placeholder="Anatomy I, written exam"
            value={title}
            onChange={(event) => setTitle(event.currentTarget.value)}
            maxLength={200}
            flex="1 1 16rem"
            required
            data-testid="create-title"
          />
          <Button type="submit" loading={busy} disabled={!title.trim()} data-testid="create-meeting">
            Create meeting
          </Button>
        </Group>
        <UnstyledButton onClick={toggle} aria-expanded={open} fz="sm" c="dimmed" w="fit-content">
          <Group gap={4}>
            {open ? <IconChevronDown size={16} /> : <IconChevronRight size={16} />}
            Advanced
          </Group>
        </UnstyledButton>
        <Collapse expanded={open}>
          <AdvancedFields value={advanced} onChange={setAdvanced} />
        </Collapse>
        {error ? <Alert color="danger">{error}</Alert> : null}
      </Stack>
    </Card>
  );
}

const FIELDS = [
  { name: "sample_interval", label: "Seconds between samples", description: "How often each candidate is looked at", min: 0.1, max: 60, step: 0.5 },
  { name: "fps", label: "Pictures a second", description: "What a candidate's browser sends", min: 0.5, max: 15, step: 1 },
  { name: "width", label: "Picture width, pixels", description: "Wider sees more and costs more", min: 160, max: 1280, step: 80 },
] as const;

function AdvancedFields({ value, onChange }: { value: Advanced; onChange: (value: Advanced) => void }) {
  return (
    <Group align="flex-start" gap="md">
      {FIELDS.map(({ name, ...field }) => (
        <NumberInput
          key={name}
          {...field}
          placeholder="Server's default"
          value={value[name] ?? ""}
          onChange={(given) => onChange({ ...value, [name]: typeof given === "number" ? given : undefined })}
          flex="1 1 12rem"
        />
      ))}
    </Group>
  );
}

/** Only what was filled in; everything else stays the server's. */
function settingsOf({ sample_interval, fps, width }: Advanced): object {
  const stream = { ...(fps === undefined ? {} : { fps }), ...(width === undefined ? {} : { width }) };
  return {
    ...(sample_interval === undefined ? {} : { sample_interval }),
    ...(Object.keys(stream).length > 0 ? { stream } : {}),
  };
}
