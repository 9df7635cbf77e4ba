/** Everything that is noted about the candidate: the server's list, and what came over the line since. Pure. */

import type { Held, Warning, WarningCleared } from "../../sdk";

/** Newest first. */
export type HeldItems = readonly Held[];

export function withWarning(list: HeldItems, warning: Warning): HeldItems {
  const known = list.find(({ incident_id }) => incident_id === warning.incident_id);
  // The server tells again what is open after a reconnect: what seemed to be over is not.
  return ordered([{ ...known, ...warning, closed_at: null }, ...list.filter((held) => held !== known)]);
}

export function withCleared(list: HeldItems, { incident_id, at }: WarningCleared): HeldItems {
  return list.map((held) => (held.incident_id === incident_id ? { ...held, closed_at: held.closed_at ?? at } : held));
}

/** The server's word counts, but for what happened while it was on its way. */
export function withLoaded(list: HeldItems, loaded: HeldItems): HeldItems {
  const known = new Map(list.map((held) => [held.incident_id, held]));
  const fresh = loaded.map((held) => ({ ...held, closed_at: held.closed_at ?? known.get(held.incident_id)?.closed_at ?? null }));
  for (const { incident_id } of loaded) known.delete(incident_id);
  return ordered([...fresh, ...known.values()]);
}

function ordered(list: Held[]): HeldItems {
  return list.toSorted((a, b) => b.opened_at.localeCompare(a.opened_at) || b.incident_id.localeCompare(a.incident_id));
}
