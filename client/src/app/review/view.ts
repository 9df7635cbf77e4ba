/** The geometry of the timeline: which stretch is shown, and where on it things lie. Pure. */

import type { Kind } from "../../sdk";
import { KIND_WORDS } from "../shared/words";
import { lastUpTo, type Mark, type Stretch } from "./model";

export type View = Stretch;

/** Nothing is to be seen between two frames. */
export const LEAST = 2000;

export function whole(length: number): View {
  return { from: 0, to: length };
}

/** `factor` above 1 shows less; what lies at `around` stays there. */
export function zoomed({ from, to }: View, factor: number, around: number, length: number): View {
  const span = Math.min(length, Math.max(Math.min(LEAST, length), (to - from) / factor));
  const share = (around - from) / (to - from);
  return within(around - share * span, span, length);
}

export function moved({ from, to }: View, by: number, length: number): View {
  return within(from + by, to - from, length);
}

/** The same view when it shows the position already; otherwise one that begins shortly before it. */
export function showing(view: View, at: number, length: number): View {
  if (at >= view.from && at <= view.to) return view;
  const span = view.to - view.from;
  return within(at - span * 0.1, span, length);
}

function within(from: number, span: number, length: number): View {
  const start = Math.max(0, Math.min(length - span, from));
  return { from: start, to: start + span };
}

export function xOf({ from, to }: View, width: number, at: number): number {
  return ((at - from) / (to - from)) * width;
}

export function atX({ from, to }: View, width: number, x: number): number {
  return from + (x / width) * (to - from);
}

export function overlaps(a: Stretch, b: Stretch): boolean {
  return a.from <= b.to && a.to >= b.from;
}

const STEPS = [100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000];
const LABEL_PX = 84;

/** Where the axis has its labels, in milliseconds. */
export function labels(view: View, width: number): number[] {
  const least = ((view.to - view.from) / Math.max(1, width)) * LABEL_PX;
  const step = STEPS.find((each) => each >= least) ?? Math.ceil(least / 3_600_000) * 3_600_000;
  const first = Math.ceil(view.from / step);
  return Array.from({ length: Math.max(0, Math.floor(view.to / step) - first + 1) }, (_, index) => (first + index) * step);
}

const TICK_PX = 4;
const COLUMN_PX = 2;
/** With fewer, even a steady rate would look uneven. */
const IN_COLUMN = 4;

/** Samples as a path: a tick each while there is room, then columns as high as they are many. */
export function samplePath(sampled: readonly number[], view: View, width: number, height: number): string {
  const first = lastUpTo(sampled, view.from - Number.EPSILON) + 1;
  const last = lastUpTo(sampled, view.to);
  if (last < first || width <= 0) return "";
  if (last - first + 1 <= width / TICK_PX) {
    return sampled.slice(first, last + 1).map((at) => `M${rounded(xOf(view, width, at))} 0V${height}h1.5V0Z`).join("");
  }
  const wide = Math.max(COLUMN_PX, Math.ceil((IN_COLUMN * width) / (last - first + 1)));
  const columns = new Uint32Array(Math.ceil(width / wide));
  for (let index = first; index <= last; index += 1) {
    const column = Math.min(columns.length - 1, Math.floor(xOf(view, width, sampled[index] ?? 0) / wide));
    columns[column] = (columns[column] ?? 0) + 1;
  }
  const most = Math.max(...columns);
  return Array.from(columns, (count, index) => {
    const top = rounded(height - (height * count) / most);
    return count > 0 ? `M${index * wide} ${height}V${top}H${(index + 1) * wide}V${height}Z` : "";
  }).join("");
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

export interface Lane {
  kind: Kind;
  marks: readonly Mark[];
}

const KINDS = Object.keys(KIND_WORDS) as Kind[];

/** One lane for each kind that there is, always in the same order. */
export function lanesOf(marks: readonly Mark[]): Lane[] {
  return KINDS.map((kind) => ({ kind, marks: marks.filter(({ incident }) => incident.kind === kind) })).filter((lane) => lane.marks.length > 0);
}
