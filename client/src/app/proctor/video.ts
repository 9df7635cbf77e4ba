/** What a proctor reads of the video meeting at Dyte or RealtimeKit. Pure. */

import type { Candidate, Room } from "../../sdk";

const NAMED = 3;

/** What is amiss there, in one line; undefined when nothing is. */
export function videoWords(room: Room | undefined): string | undefined {
  const strangers = strangersIn(room?.strangers ?? []);
  return [room?.notice, strangers].filter(Boolean).join(" ") || undefined;
}

function strangersIn(strangers: NonNullable<Room["strangers"]>): string {
  if (strangers.length === 0) return "";
  const names = strangers.slice(0, NAMED).map(({ name }) => name || "somebody without a name");
  const others = strangers.length - names.length;
  return `In the video, and not let in from here: ${names.join(", ")}${others > 0 ? ` and ${others} more` : ""}.`;
}

/** Whether a candidate is in the video; undefined where there is none, or nobody can tell. */
export function inVideoWords({ in_meeting }: Pick<Candidate, "in_meeting">): string | undefined {
  if (typeof in_meeting !== "boolean") return undefined;
  return in_meeting ? "In the video" : "Not in the video";
}
