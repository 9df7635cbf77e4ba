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

/** The weight of what goes on with each candidate; dismissed incidents weigh nothing. */
export function risks(incidents: readonly Incident[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { candidate_id, severity, state, review } of incidents) {
    if (state !== "open" || review?.verdict === "dismissed") continue;
    sums.set(candidate_id, (sums.get(candidate_id) ?? 0) + WEIGHTS[severity]);
  }
  return sums;
}

/** Ids by name, or by risk and then by name. */
export function ordered(candidates: Iterable<Candidate>, risk: ReadonlyMap<string, number> | undefined): string[] {
  return [...candidates]
    .toSorted((a, b) => (risk?.get(b.id) ?? 0) - (risk?.get(a.id) ?? 0) || a.name.localeCompare(b.name) || a.id.localeCompare(b.id))
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
