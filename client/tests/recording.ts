/** A made recording of twenty seconds, as the server would show it. */

import type { Incident, Kind, Recording, Review, Segment, ShownRecording } from "../src/sdk/protocol";

export const BEGAN = "2025-01-01T10:00:00.000Z";

/** So many seconds after the beginning. */
export function at(seconds: number): string {
  return new Date(Date.parse(BEGAN) + seconds * 1000).toISOString();
}

interface Change {
  received?: number;
  closed?: number;
  review?: Review;
  candidate_id?: string;
  kind?: Kind;
}

export function incident(id: string, opened: number, { received, closed, review, candidate_id = "ada", kind = "no_face" }: Change = {}): Incident {
  const opened_at = at(opened);
  return {
    id, meeting_id: "m", candidate_id, candidate_name: "Ada", kind, severity: "warning", state: closed === undefined ? "open" : "closed",
    opened_at, updated_at: opened_at, closed_at: closed === undefined ? null : at(closed), text: "Nobody in view.",
    why: { rule: "no_face", samples: 3, settings_sha256: "0" }, review: review ?? null,
    trace: { opened_at, ...(received === undefined ? {} : { received_at: at(received) }) },
  };
}

export function segment(number: number): Segment {
  const from = number * 10;
  return {
    number, began_at: at(from), ended_at: at(from + 9.8), first_seq: from * 5 + 1, last_seq: from * 5 + 50, frames: 50, sha256: null,
    journal_sha256: null, link: null,
  };
}

export function recording(change: Partial<Recording> = {}): Recording {
  return {
    id: "r", meeting_id: "m", candidate_id: "ada", candidate_name: "Ada", state: "open", began_at: BEGAN, ended_at: at(20), seconds: 20,
    frames: 100, bytes: 1_000_000, not_recorded: 0, ...change,
  };
}

export function shown({ seconds = 20, ...change }: Partial<ShownRecording> & { seconds?: number } = {}): ShownRecording {
  return {
    recording: recording({ seconds }), segments: [segment(0), segment(1)], gaps: [], incidents: [], samples: [], signed: null,
    video: { state: "absent", seconds: 0 }, video_url: "/video", bundle_url: "/bundle", ...change,
  };
}
