import { Alert, Button, Group, Modal, Stack, Textarea } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { textOf } from "./api";

interface ConfirmProps {
  opened: boolean;
  title: string;
  children: ReactNode;
  action: string;
  danger?: boolean;
  /** Ask for words as well; they are required then. */
  ask?: { label: string; placeholder?: string; initial?: string };
  onClose(): void;
  /** The dialogue stays open, with the reason, when this fails. */
  onConfirm(words: string): Promise<void>;
}

/** "Are you sure?", with room for a reason. */
export function Confirm({ opened, onClose, title, ...content }: ConfirmProps) {
  return (
    <Modal opened={opened} onClose={onClose} title={title} styles={{ title: { fontWeight: 650, fontSize: "1.125rem" } }}>
      <ConfirmContent onClose={onClose} {...content} />
    </Modal>
  );
}

function ConfirmContent({ children, action, danger, ask, onClose, onConfirm }: Omit<ConfirmProps, "opened" | "title">) {
  const [words, setWords] = useState(ask?.initial ?? "");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();

  const confirm = async () => {
    setBusy(true);
    try {
      await onConfirm(words.trim());
      onClose();
    } catch (failure) {
      setError(textOf(failure));
      setBusy(false);
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void confirm();
      }}
    >
      <Stack>
        {children}
        {ask ? (
          <Textarea
            label={ask.label}
            placeholder={ask.placeholder}
            value={words}
            onChange={(event) => setWords(event.currentTarget.value)}
            maxLength={500}
            minRows={2}
            autosize
            required
            data-autofocus
          />
        ) : null}
        {error ? <Alert color="danger">{error}</Alert> : null}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose} data-testid="cancel">
            Cancel
          </Button>
          <Button type="submit" color={danger ? "danger" : undefined} loading={busy} disabled={ask && !words.trim()} data-testid="confirm-action">
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
