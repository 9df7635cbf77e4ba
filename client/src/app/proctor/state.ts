/** What the console knows, as a pure fold over what the server says. */

import type { Candidate, CandidateEvent, Incident, IncidentEvent, IncidentPage, Meeting, Room, Snapshot } from "../../sdk";

export interface ConsoleState {
  meeting: Meeting | undefined;
  detector: string;
  /** What the proctors should know of the detector. */
  notice: string | undefined;
  /** The meeting at Dyte or RealtimeKit, as far as the server knows of it. */
  room: Room | undefined;
  candidates: ReadonlyMap<string, Candidate>;
  /** Newest first. */
  incidents: readonly Incident[];
  /** How many are kept; grows only when somebody asks for older ones. */
  limit: number;
  /** The server may have older ones than these. */
  older: boolean;
}

export type Change =
  | { type: "snapshot"; snapshot: Snapshot }
  | { type: "incident"; event: IncidentEvent }
  | { type: "candidate"; event: CandidateEvent }
  | { type: "room"; room: Room }
  | { type: "older"; page: IncidentPage }
  | { type: "ended" };

/** An exam of hours must not fill the browser's memory. */
export const KEPT_INCIDENTS = 500;
/** The server's snapshot has no more than so many. */
export const SNAPSHOT_INCIDENTS = 200;

export const NOTHING: ConsoleState = {
  meeting: undefined,
  detector: "",
  notice: undefined,
  room: undefined,
  candidates: new Map(),
  incidents: [],
  limit: KEPT_INCIDENTS,
  older: false,
};

export function apply(state: ConsoleState, change: Change): ConsoleState {
  switch (change.type) {
    case "snapshot":
      return restarted(state, change.snapshot);
    case "incident":
      return bounded(state, withIncident(state.incidents, change.event.incident));
    case "candidate":
      return { ...state, candidates: withCandidate(state.candidates, change.event) };
    case "room":
      return { ...state, room: change.room };
    case "older":
      return withOlder(state, change.page);
    case "ended":
      return { ...state, meeting: state.meeting ? { ...state.meeting, state: "ended" } : undefined };
  }
}

/** After a reconnect the server's word replaces everything, so that nothing missed meanwhile stays wrong. */
function restarted(state: ConsoleState, { meeting, candidates, incidents, detector, notice, room }: Snapshot): ConsoleState {
  return {
    meeting,
    detector,
    notice: notice ?? undefined,
    room: room ?? undefined,
    candidates: new Map(candidates.map((candidate) => [candidate.id, candidate])),
    incidents: incidents.toSorted(newestFirst).slice(0, state.limit),
    limit: state.limit,
    older: incidents.length >= SNAPSHOT_INCIDENTS,
  };
}

function bounded(state: ConsoleState, incidents: Incident[]): ConsoleState {
  return { ...state, incidents: incidents.slice(0, state.limit), older: state.older || incidents.length > state.limit };
}

function withIncident(incidents: readonly Incident[], incident: Incident): Incident[] {
  const known = incidents.findIndex(({ id }) => id === incident.id);
  if (known >= 0) return incidents.with(known, incident);
  const place = incidents.findIndex((other) => newestFirst(incident, other) < 0);
  return incidents.toSpliced(place < 0 ? incidents.length : place, 0, incident);
}

function withCandidate(candidates: ReadonlyMap<string, Candidate>, { candidate }: CandidateEvent): Map<string, Candidate> {
  return new Map(candidates).set(candidate.id, candidate);
}

function withOlder(state: ConsoleState, { incidents: older, after }: IncidentPage): ConsoleState {
  const known = new Set(state.incidents.map(({ id }) => id));
  const fresh = older.filter(({ id }) => !known.has(id));
  const incidents = [...state.incidents, ...fresh].toSorted(newestFirst);
  return { ...state, incidents, limit: Math.max(state.limit, incidents.length), older: after !== null };
}

function newestFirst(a: Incident, b: Incident): number {
  return b.opened_at.localeCompare(a.opened_at) || b.id.localeCompare(a.id);
}
