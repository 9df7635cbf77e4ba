/** A recording in the player's own measure: milliseconds since it began. Pure. */

import type { Gap, Incident, RecordedSample, ShownRecording } from "../../sdk";

export interface Stretch {
  from: number;
  to: number;
}

/** A segment. */
export interface Part {
  number: number;
  frames: number;
  /** Of its last frame; null without frames. */
  lastSeq: number | null;
}

export interface Hole extends Stretch {
  gap: Gap;
}

export interface Mark extends Stretch {
  incident: Incident;
}

export interface Model {
  /** Milliseconds since the epoch. */
  began: number;
  length: number;
  /** There is more to come. */
  grows: boolean;
  parts: readonly Part[];
  /** When each part begins. */
  starts: readonly number[];
  holes: readonly Hole[];
  /** In the order in which they opened. */
  marks: readonly Mark[];
  samples: readonly RecordedSample[];
  /** When each sample's frame came. */
  sampled: readonly number[];
  /** From one sample to the next, when nothing is in doubt. */
  interval: number;
}

export function modelOf({ recording, segments, gaps, incidents, samples }: ShownRecording): Model {
  const began = Date.parse(recording.began_at);
  const since = (at: string) => Date.parse(at) - began;
  const length = Math.max(1, Math.round(recording.seconds * 1000));
  const within = (at: number) => Math.min(length, Math.max(0, at));
  const sampled = samples.map(({ at }) => since(at));
  const starts = segments.map(({ began_at }) => since(began_at));
  return {
    began,
    length,
    grows: recording.state === "open",
    parts: segments.map(({ number, frames, last_seq }) => ({ number, frames, lastSeq: last_seq })),
    starts,
    holes: gaps.map((gap) => ({ gap, from: within(since(gap.began_at)), to: within(since(gap.ended_at)) })),
    marks: incidents.map((incident) => markOf(incident, since, within, length)).toSorted(inOrder),
    samples,
    sampled,
    interval: intervalOf(sampled),
  };
}

/** An incident begins at the frame that confirmed it: that is the picture to judge. */
function markOf(incident: Incident, since: (at: string) => number, within: (at: number) => number, length: number): Mark {
  const from = within(since(incident.trace.received_at ?? incident.opened_at));
  const to = incident.closed_at ? within(since(incident.closed_at)) : length;
  return { incident, from, to: Math.max(from, to) };
}

function inOrder(a: Mark, b: Mark): number {
  return a.from - b.from || a.incident.id.localeCompare(b.incident.id);
}

/** The server's own intervals: what it begins with, and what it stretches them to. */
const INTERVALS = { least: 1000, most: 5000 };

/** So long nine of ten samples wait for the next one: those of bursts wait less, and those before a gap longer. */
export function intervalOf(sampled: readonly number[]): number {
  const distances = sampled.slice(1).map((at, index) => at - (sampled[index] ?? at));
  const usual = distances.toSorted((a, b) => a - b)[Math.floor(distances.length * 0.9)] ?? 0;
  return Math.min(INTERVALS.most, Math.max(INTERVALS.least, usual));
}

/** The index of the last of these ascending times that is not after `at`; -1 when all are. */
export function lastUpTo(times: ArrayLike<number>, at: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** What is missing at this position. */
export function holeAt({ holes }: Model, at: number): Hole | undefined {
  return holes.find(({ from, to }) => at > from && at < to);
}

export interface Boxes {
  sample: RecordedSample;
  /** They are of the very frame that is shown. */
  exact: boolean;
}

/** What detection saw last at this position, while that still says something of the picture. */
export function boxesAt({ samples, sampled, interval }: Model, at: number, seq: number | undefined): Boxes | undefined {
  const index = lastUpTo(sampled, at + ROUNDING);
  const [sample, time] = [samples[index], sampled[index]];
  if (!sample || time === undefined) return undefined;
  const exact = sample.seq === seq;
  return exact || at - time <= interval ? { sample, exact } : undefined;
}

/** Times are rounded to a millisecond, in the video as in JSON. */
export const ROUNDING = 1;
