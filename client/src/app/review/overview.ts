/** The recordings of a meeting and what there is to review in them. Pure. */

import type { Incident, Kind, Recording } from "../../sdk";
import { KIND_WORDS } from "../shared/words";

export interface Overview {
  recording: Recording;
  incidents: number;
  reviewed: number;
  /** How many of each kind, the most frequent first. */
  kinds: readonly (readonly [Kind, number])[];
}

/** A candidate has one recording; incidents belong to the candidate. */
export function overviewOf(recordings: readonly Recording[], incidents: readonly Incident[]): Overview[] {
  const byCandidate = grouped(incidents, ({ candidate_id }) => candidate_id);
  return recordings.map((recording) => {
    const own = byCandidate.get(recording.candidate_id) ?? [];
    const kinds = [...grouped(own, ({ kind }) => kind)].map(([kind, all]) => [kind, all.length] as const);
    return {
      recording,
      incidents: own.length,
      reviewed: own.filter(({ review }) => review).length,
      kinds: kinds.toSorted((a, b) => b[1] - a[1] || KIND_WORDS[a[0]].localeCompare(KIND_WORDS[b[0]])),
    };
  });
}

function grouped<Key>(incidents: readonly Incident[], key: (incident: Incident) => Key): Map<Key, Incident[]> {
  const found = new Map<Key, Incident[]>();
  for (const each of incidents) found.set(key(each), [...(found.get(key(each)) ?? []), each]);
  return found;
}

export function toReview({ incidents, reviewed }: Overview): number {
  return incidents - reviewed;
}

export type Order = "to_review" | "name" | "begun";

/** To review first: the most first, then by name. */
export function inOrder(overviews: readonly Overview[], order: Order): Overview[] {
  const byName = (a: Overview, b: Overview) =>
    a.recording.candidate_name.localeCompare(b.recording.candidate_name) || a.recording.began_at.localeCompare(b.recording.began_at);
  const orders: Record<Order, (a: Overview, b: Overview) => number> = {
    to_review: (a, b) => toReview(b) - toReview(a) || byName(a, b),
    name: byName,
    begun: (a, b) => a.recording.began_at.localeCompare(b.recording.began_at),
  };
  return overviews.toSorted(orders[order]);
}
