/** A recording that is asked for again while it grows: what is new takes its place, what is old stays as it is. Pure. */

import type { Incident, ShownRecording } from "../../sdk";

/** Where to ask on: the last segment may have grown. */
export function askFrom(shown: ShownRecording | undefined): number {
  return shown?.segments.at(-1)?.number ?? 0;
}

/** `from`: the segment from which on `answer` has everything. */
export function merged(before: ShownRecording, answer: ShownRecording, from: number): ShownRecording {
  const firstSeq = answer.samples[0]?.seq ?? Infinity;
  const known = new Set(answer.gaps.map(({ cause, began_at }) => cause + began_at));
  return {
    ...answer,
    segments: [...before.segments.filter(({ number }) => number < from), ...answer.segments],
    gaps: [...before.gaps.filter(({ cause, began_at }) => !known.has(cause + began_at)), ...answer.gaps].toSorted((a, b) =>
      a.began_at.localeCompare(b.began_at),
    ),
    samples: [...before.samples.filter(({ seq }) => seq < firstSeq), ...answer.samples],
  };
}

/** With one incident as the server has it now. */
export function withIncident(shown: ShownRecording, incident: Incident): ShownRecording {
  return { ...shown, incidents: shown.incidents.map((each) => (each.id === incident.id ? incident : each)) };
}
