import { Alert, Stack, Text } from "@mantine/core";
import { IconMessage } from "@tabler/icons-react";
import type { Message } from "../../sdk";
import { clock } from "../shared/words";

interface MessagesProps {
  messages: readonly Message[];
  onDismiss(messageId: string): void;
}

/** What the proctor wrote, until the candidate puts it away. */
export function Messages({ messages, onDismiss }: MessagesProps) {
  if (messages.length === 0) return null;
  return (
    <Stack gap="sm">
      {messages.map(({ id, text, at }) => (
        <Alert
          key={id}
          color="harbor"
          icon={<IconMessage size={20} />}
          title={`Your proctor, ${clock(at)}`}
          withCloseButton
          closeButtonLabel="Put this message away"
          onClose={() => onDismiss(id)}
          data-testid="proctor-message"
        >
          <Text style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>{text}</Text>
        </Alert>
      ))}
    </Stack>
  );
}
