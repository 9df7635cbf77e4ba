/** The proctors' messages that the candidate has not put away. The server tells them all again after every reconnect. */

import { useCallback, useState } from "react";
import type { Message } from "../../sdk";
import { dismissedSession } from "./session";

interface Messages {
  /** Newest first. */
  messages: readonly Message[];
  hear(message: Message): void;
  dismiss(messageId: string): void;
}

export function useMessages(): Messages {
  const [messages, setMessages] = useState<readonly Message[]>([]);
  const hear = useCallback((message: Message) => setMessages((before) => withMessage(before, message, dismissedSession.read())), []);
  const dismiss = useCallback((messageId: string) => {
    dismissedSession.write([...(dismissedSession.read() ?? []), messageId]);
    setMessages((before) => before.filter(({ id }) => id !== messageId));
  }, []);
  return { messages, hear, dismiss };
}

export function withMessage(messages: readonly Message[], message: Message, dismissed: readonly string[] = []): readonly Message[] {
  if (dismissed.includes(message.id) || messages.some(({ id }) => id === message.id)) return messages;
  return [message, ...messages].toSorted((a, b) => b.at.localeCompare(a.at));
}
