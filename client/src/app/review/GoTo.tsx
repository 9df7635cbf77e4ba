import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import type { Model } from "./model";
import { momentOf, timecode } from "./words";

interface GoToProps {
  opened: boolean;
  model: Model;
  onClose(): void;
  onGo(at: number): void;
}

/** "Go to a time". */
export function GoTo({ opened, onClose, ...content }: GoToProps) {
  return (
    <Modal opened={opened} onClose={onClose} title="Go to a time" size="sm">
      <Form {...content} onClose={onClose} />
    </Modal>
  );
}

function Form({ model, onClose, onGo }: Omit<GoToProps, "opened">) {
  const [text, setText] = useState("");
  const [error, setError] = useState<string>();
  const go = (event: FormEvent) => {
    event.preventDefault();
    const at = momentOf(text, model.began, model.length);
    if (at === undefined) {
      setError(`That is no time in this recording, which is ${timecode(model.length)} long.`);
      return;
    }
    onGo(at);
    onClose();
  };
  return (
    <form onSubmit={go}>
      <Stack>
        <TextInput
          label="Time"
          description="From the beginning, such as 12:30 or 1:02:03; or a time of day, such as 14:03:22."
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          error={error}
          data-autofocus
          data-testid="go-to-time"
        />
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" disabled={!text.trim()}>
            Go
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
