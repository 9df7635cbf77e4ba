/** Who and what asks for attention first. Pure. */

import type { Candidate, Incident, Kind, Severity } from "../../sdk";

export type Show = "all" | "to_review" | "open" | "closed";

export interface Filters {
  show: Show;
  kind: Kind | undefined;
  candidateId: string | undefined;
}

export const NO_FILTERS: Filters = { show: "all", kind: undefined, candidateId: undefined };

export function filtered(incidents: readonly Incident[], { show, kind, candidateId }: Filters): Incident[] {
  return incidents.filter(
    (incident) =>
      (show === "all" || (show === "to_review" ? !incident.review : incident.state === show)) &&
      (!kind || incident.kind === kind) &&
      (!candidateId || incident.candidate_id === candidateId),
  );
}

const WEIGHTS: Record<Severity, number> = { critical: 100, warning: 10, info: 1 };

/** What goes on with one candidate now, and how much it weighs. */
export interface Risk {
  weight: number;
  kinds: readonly Kind[];
}

/** By candidate; who is not in it has nothing open. What a person dismissed counts no more. */
export function risks(incidents: readonly Incident[]): Map<string, Risk> {
  const found = new Map<string, Risk>();
  for (const { candidate_id, kind, severity, state, review } of incidents) {
    if (state !== "open" || review?.verdict === "dismissed") continue;
    const { weight, kinds } = found.get(candidate_id) ?? { weight: 0, kinds: [] };
    found.set(candidate_id, { weight: weight + WEIGHTS[severity], kinds: [...kinds, kind] });
  }
  return found;
}

/** Ids by name, or by risk and then by name. */
export function ordered(candidates: Iterable<Candidate>, risk: ReadonlyMap<string, Risk> | undefined): string[] {
  return [...candidates]
    .toSorted((a, b) => (risk?.get(b.id)?.weight ?? 0) - (risk?.get(a.id)?.weight ?? 0) || a.name.localeCompare(b.name) || a.id.localeCompare(b.id))
    .map(({ id }) => id);
}

/** The order on screen kept as it is: who is gone is left out, who is new comes last. */
export function keptOrder(shown: readonly string[], wanted: readonly string[]): string[] {
  const left = new Set(wanted);
  const kept = shown.filter((id) => left.delete(id));
  return [...kept, ...left];
}

export function sameOrder(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((id, index) => id === b[index]);
}
