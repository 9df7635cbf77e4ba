/** Plain words for the wire's words, and times as people say them. */

import type { CandidateState, IncidentState, Kind, Severity, Verdict } from "../../sdk";

export const KIND_WORDS: Record<Kind, string> = {
  multiple_faces: "Several people",
  no_face: "Nobody in view",
  different_person: "Perhaps another person",
  looking_away: "Looking away",
  unclear_view: "Unclear view",
  camera_blocked: "Camera covered",
  camera_frozen: "Picture frozen",
  stream_lost: "Camera stream lost",
  tab_hidden: "Exam tab hidden",
  focus_lost: "Other window in use",
  fullscreen_exited: "Full screen left",
  clipboard: "Copy or paste",
  second_screen: "Second screen",
  second_connection: "Second connection",
  virtual_camera: "Virtual camera",
  voice: "Talking",
};

export const SEVERITY_WORDS: Record<Severity, string> = { info: "Note", warning: "Warning", critical: "Critical" };

export const STATE_WORDS: Record<IncidentState, string> = { open: "Going on", closed: "Over" };

export const VERDICT_WORDS: Record<Verdict, string> = { confirmed: "Confirmed", dismissed: "Dismissed" };

export const CANDIDATE_WORDS: Record<CandidateState, string> = {
  waiting: "Not started",
  streaming: "Live",
  lost: "No picture",
  finished: "Finished",
  ended: "Ended",
};

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY_AND_CLOCK = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** 14:03:27, in the reader's own way. */
export function clock(at: string): string {
  return CLOCK.format(new Date(at));
}

export function dayAndClock(at: string): string {
  return DAY_AND_CLOCK.format(new Date(at));
}

/** "8 s", "2 min 5 s", "1 h 12 min". */
export function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function between(from: string, to: string): string {
  return span(Date.parse(to) - Date.parse(from));
}

/** "1 incident", "3 incidents". */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
