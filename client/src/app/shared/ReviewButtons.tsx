import { Button, Text, TextInput } from "@mantine/core";
import { type KeyboardEvent, useState } from "react";
import type { Review, Verdict } from "../../sdk";
import { textOf } from "./api";
import { clock, VERDICT_WORDS } from "./words";
import classes from "./Incident.module.css";

interface ReviewButtonsProps {
  review: Review | undefined;
  /** Whose word it is, where that is known. */
  reviewer?: string | undefined;
  /** Rejects with what is the matter. */
  onReview(verdict: Verdict, note: string): Promise<void>;
}

/** A person's word on an incident. It can be changed; the server keeps every one. */
export function ReviewButtons({ review, reviewer, onReview }: ReviewButtonsProps) {
  const [note, setNote] = useState(review?.note ?? "");
  const [writing, setWriting] = useState(false);
  const [busy, setBusy] = useState<Verdict>();
  const [error, setError] = useState<string>();

  const give = async (verdict: Verdict) => {
    setBusy(verdict);
    setError(undefined);
    try {
      await onReview(verdict, note);
      setWriting(false);
    } catch (failure) {
      setError(textOf(failure));
    } finally {
      setBusy(undefined);
    }
  };
  return (
    <div className={classes.review}>
      <Verdicts current={review?.verdict} busy={busy} onGive={(verdict) => void give(verdict)} />
      <Button size="compact-sm" variant="subtle" color="gray" onClick={() => setWriting(!writing)} aria-expanded={writing} data-testid="note">
        Note
      </Button>
      <Text size="sm" c="dimmed" className={classes.reviewed} aria-live="polite">
        {review ? wordsOf(review, reviewer) : "Not reviewed"}
      </Text>
      {writing ? (
        <TextInput
          className={classes.note}
          size="xs"
          aria-label="Note"
          placeholder="Then confirm or dismiss"
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
          onKeyDown={leave}
          maxLength={2000}
          ref={focus}
          data-testid="note-text"
        />
      ) : null}
      {error ? (
        <Text size="sm" c="danger" className={classes.note} role="alert">
          {error}
        </Text>
      ) : null}
    </div>
  );
}

function wordsOf({ verdict, at, note }: Review, reviewer: string | undefined): string {
  return `${VERDICT_WORDS[verdict]} ${clock(at)}${reviewer ? ` by ${reviewer}` : ""}${note ? `: ${note}` : ""}`;
}

function focus(field: HTMLInputElement | null): void {
  field?.focus();
}

/** Escape goes back to the card, where the keyboard moves on. */
function leave(event: KeyboardEvent<HTMLInputElement>): void {
  if (event.key === "Escape") event.currentTarget.closest<HTMLElement>("[data-incident-id]")?.focus();
}

interface VerdictsProps {
  current: Verdict | undefined;
  busy: Verdict | undefined;
  onGive(verdict: Verdict): void;
}

const BUTTONS = [
  { verdict: "confirmed", label: "Confirm", testId: "confirm" },
  { verdict: "dismissed", label: "Dismiss", testId: "dismiss" },
] as const;

function Verdicts({ current, busy, onGive }: VerdictsProps) {
  return BUTTONS.map(({ verdict, label, testId }) => (
    <Button
      key={verdict}
      size="compact-sm"
      variant={current === verdict ? "filled" : "default"}
      aria-pressed={current === verdict}
      loading={busy === verdict}
      disabled={busy !== undefined && busy !== verdict}
      onClick={() => onGive(verdict)}
      data-testid={testId}
    >
      {label}
    </Button>
  ));
}
