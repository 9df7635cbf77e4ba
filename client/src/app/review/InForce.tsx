import { Text, Title } from "@mantine/core";
import { useEffect, useState } from "react";
import type { RecordedEvent, Recording } from "../../sdk";
import { textOf } from "../shared/api";
import { useDesk, usePlayerValue } from "./context";
import { lastUpTo, type Model } from "./model";
import classes from "./Review.module.css";
import { settingsOf } from "./settings";

/** The detector and the settings that judged, as the recording's own journal has them. */
export function InForce({ model, recording }: { model: Model; recording: Recording }) {
  const { frames } = useDesk();
  const [open, setOpen] = useState(false);
  const [events, setEvents] = useState<RecordedEvent[]>();
  const [error, setError] = useState<string>();
  const part = usePlayerValue(({ at }) => Math.max(0, lastUpTo(model.starts, at)));
  const number = model.parts[part]?.number;
  const first = model.parts[0]?.number;

  useEffect(() => {
    if (!open || number === undefined || first === undefined) return undefined;
    let current = true;
    Promise.all([frames.segment(model, first), frames.segment(model, number)]).then(
      (found) => current && setEvents(found.flatMap((each) => each?.events ?? [])),
      (failure: unknown) => current && setError(textOf(failure)),
    );
    return () => {
      current = false;
    };
    // The model grows with every answer; which segment it is stays.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [open, frames, number, first, recording.id]);

  const begun = events?.findLast(({ settings }) => settings);
  const detector = events?.findLast(({ kind }) => kind === "begun")?.detector;
  return (
    <section className={classes.section}>
      <details onToggle={(event) => setOpen(event.currentTarget.open)} data-testid="in-force">
        <summary>
          <Title order={2} fz="md" component="span">
            Detector and settings
          </Title>
        </summary>
        {error ? <Text size="sm">{error}</Text> : null}
        {begun ? (
          <>
            <Text size="sm">
              {detector ? `Judged by ${detector}.` : "Detection was off."} Settings {begun.settings_sha256?.slice(0, 12)}:
            </Text>
            <dl className={`numbers ${classes.settings}`}>
              {settingsOf(begun.settings ?? {}).map(([name, value]) => (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd>{value}</dd>
                </div>
              ))}
            </dl>
          </>
        ) : null}
        {open && !begun && !error ? (
          <Text size="sm" c="dimmed">
            {events ? "The journal of this part does not say." : "Loading"}
          </Text>
        ) : null}
      </details>
    </section>
  );
}
