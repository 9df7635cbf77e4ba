import { Text } from "@mantine/core";
import { useState } from "react";
import type { Incident, Trace } from "../../sdk";
import { clock } from "./words";
import classes from "./Incident.module.css";
import { figuresOf } from "./figures";

/** On what grounds an incident was opened, and how long each step took. Made only when it is looked at. */
export function Why({ incident }: { incident: Incident }) {
  const [open, setOpen] = useState(false);
  return (
    <details className={classes.why} onToggle={(event) => setOpen(event.currentTarget.open)} data-testid="why">
      <summary>Why</summary>
      {open ? (
        <>
          <Grounds incident={incident} />
          <Judge incident={incident} />
          <Way trace={incident.trace} />
        </>
      ) : null}
    </details>
  );
}

/** The rule and its figures. */
export function Grounds({ incident: { kind, why } }: { incident: Incident }) {
  return (
    <Facts
      facts={[
        ["Rule", why.rule],
        ["Times seen", why.samples > 0 ? String(why.samples) : undefined],
        ...figuresOf(kind, why),
      ]}
    />
  );
}

/** What judged. */
export function Judge({ incident: { why } }: { incident: Incident }) {
  return (
    <Facts
      facts={[
        ["Detector", why.detector],
        ["Model", shortened(why.model_sha256)],
        ["Settings", shortened(why.settings_sha256)],
      ]}
    />
  );
}

function Way({ trace }: { trace: Trace }) {
  return (
    <>
      <Text size="xs" fw={600} mt={6}>
        From picture to banner
      </Text>
      <Facts facts={stages(trace)} />
    </>
  );
}

function Facts({ facts }: { facts: [string, string | null | undefined][] }) {
  return (
    <dl className={`numbers ${classes.facts}`}>
      {facts.map(([name, value]) =>
        value ? (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ) : null,
      )}
    </dl>
  );
}

/** Times since the picture arrived. The first and the last are by the candidate's own clock. */
function stages(trace: Trace): [string, string | undefined][] {
  const { captured_at, received_at, sampled_at, observed_at, opened_at, emitted_at, shown_at } = trace;
  const since = (at: string | null | undefined) => (at && received_at ? `+${Date.parse(at) - Date.parse(received_at)} ms` : undefined);
  return [
    ["Taken", captured_at ? clock(captured_at) : undefined],
    ["Received", received_at ? clock(received_at) : undefined],
    ["Sampled", since(sampled_at)],
    ["Observed", since(observed_at)],
    ["Opened", since(opened_at) ?? clock(opened_at)],
    ["Told", since(emitted_at)],
    ["Banner seen", shown_at ? clock(shown_at) : undefined],
  ];
}

function shortened(sha256: string | null | undefined): string | undefined {
  return sha256?.slice(0, 12);
}
