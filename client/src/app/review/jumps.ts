/** Which incident comes next. Pure. */

import type { Mark } from "./model";

/** So far around a chosen incident one still looks at it, in milliseconds. */
const AROUND = 10_000;
/** So far outside of it what is on screen is no longer what a decision would be about. */
const JUDGED = 5000;

/** The position shows something else than this incident. */
export function isAway({ from, to }: Mark, at: number): boolean {
  return at < from - JUDGED || at > to + JUDGED;
}

/** The next (`step` 1) or previous (-1) one: of the chosen one while that is looked at, otherwise of the position. */
export function neighbour(marks: readonly Mark[], chosenId: string | undefined, at: number, step: 1 | -1): Mark | undefined {
  const index = marks.findIndex(({ incident }) => incident.id === chosenId);
  const chosen = marks[index];
  if (chosen && at >= chosen.from - AROUND && at <= chosen.to + AROUND) return marks[index + step];
  return step > 0 ? marks.find(({ from }) => from > at) : marks.findLast(({ from }) => from < at);
}

/** What somebody who wants to review is shown: the chosen one, when that is still to review and one is away from it; otherwise the next. */
export function toReviewFrom(marks: readonly Mark[], chosenId: string | undefined, at: number): Mark | undefined {
  const left = marks.find(({ incident }) => incident.id === chosenId && !incident.review);
  return left && isAway(left, at) ? left : nextToReview(marks, chosenId, at);
}

/** The next one that nobody has judged, from the chosen one on and around the end. */
export function nextToReview(marks: readonly Mark[], chosenId: string | undefined, at: number): Mark | undefined {
  const index = marks.findIndex(({ incident }) => incident.id === chosenId);
  const start = index >= 0 ? index + 1 : marks.findIndex(({ from }) => from >= at);
  const turned = start < 0 ? marks : [...marks.slice(start), ...marks.slice(0, start)];
  return turned.find(({ incident }) => !incident.review && incident.id !== chosenId);
}
