/** What is where, in sentences: for the timeline's line of words and for screen readers. Pure. */

import type { Incident } from "../../sdk";
import { count, KIND_WORDS, SEVERITY_WORDS, span, VERDICT_WORDS } from "../shared/words";
import { type Hole, holeAt, type Mark, type Model } from "./model";
import { GAP_WORDS, inWords, timecode } from "./words";

export function reviewWords({ review }: Incident): string {
  return review ? VERDICT_WORDS[review.verdict] : "To review";
}

/** "Several people, warning, 02:03, 8 s. To review." */
export function markWords({ incident, from, to }: Mark): string {
  const { kind, severity, state } = incident;
  const lasts = state === "open" ? "going on" : span(to - from);
  return `${KIND_WORDS[kind]}, ${SEVERITY_WORDS[severity].toLowerCase()}, ${timecode(from)}, ${lasts}. ${reviewWords(incident)}.`;
}

export function holeWords({ gap, from, to }: Hole): string {
  const missing = gap.frames > 0 ? `, ${count(gap.frames, "frame")} missing` : "";
  return `Gap, ${timecode(from)}, ${span(to - from)}: ${GAP_WORDS[gap.cause].toLowerCase()}${missing}.`;
}

/** "Incident 3 of 12: Several people, warning, at 42 seconds. To review." */
export function arrivedWords({ marks }: Model, mark: Mark): string {
  const { kind, severity } = mark.incident;
  const place = `Incident ${marks.indexOf(mark) + 1} of ${marks.length}`;
  return `${place}: ${KIND_WORDS[kind]}, ${SEVERITY_WORDS[severity].toLowerCase()}, at ${inWords(mark.from)}. ${reviewWords(mark.incident)}.`;
}

/** For a decision that was not taken: what it would have been about was not on screen. */
export function returnedWords(model: Model, mark: Mark): string {
  return `Nothing was decided: this incident was not on screen. ${arrivedWords(model, mark)}`;
}

/** "2 minutes 5 seconds of 1 hour. Several people." */
export function positionWords(model: Model, at: number): string {
  const going = model.marks.filter(({ from, to }) => at >= from && at <= to).map(({ incident }) => KIND_WORDS[incident.kind]);
  const hole = holeAt(model, at);
  const here = [...new Set(going), ...(hole ? [GAP_WORDS[hole.gap.cause]] : [])].join(", ");
  return `${inWords(at)} of ${inWords(model.length)}${here ? `. ${here}.` : ""}`;
}
