/** What is sent, kept and looked for in one exam, in plain words. Pure. */

import type { Kept, Kind } from "../../sdk";

/** Goes to the server with the agreement. Change it whenever the words of the page or below change. */
export const CONSENT_VERSION = "2026-1";

const LOOKED_FOR: [Kind, string][] = [
  ["multiple_faces", "several people in view"],
  ["no_face", "nobody in view"],
  ["unclear_view", "a view too unclear to judge"],
  ["camera_blocked", "a covered camera"],
  ["camera_frozen", "a picture that does not move"],
  ["different_person", "another person than at the start"],
  ["looking_away", "looking away for long or often"],
  ["stream_lost", "pictures that stop arriving"],
];

const NORMAL = "Sitting still, thinking and short glances are normal and are not noted, and no single picture ever counts.";
const TOLD = "You are told at once, in a banner at the top of the page.";

/** @param kinds what can be held against this candidate; undefined while that is not known: then all is named. */
export function lookedFor(kinds: readonly Kind[] | undefined): string {
  const named = LOOKED_FOR.filter(([kind]) => isOn(kind, kinds)).map(([, words]) => words);
  if (named.length === 0) return "Nothing. A proctor may look at your picture.";
  return `${capital(listed(named))}. ${NORMAL} ${TOLD}`;
}

/** @param recorded whether every picture is kept; undefined while that is not known: then it is said. */
export function whatIsSent(recorded: boolean | undefined): string {
  const kept = recorded === false ? "those that show a problem are kept" : "all of them are recorded, so that they can be looked at again later";
  return (
    `Small pictures from your camera, several a second, from the start of the exam until you finish; ${kept}. No sound. Also when you ` +
    "leave this tab, this window or full screen, copy or paste (never what), or have a second screen or a virtual camera."
  );
}

/** @param kept undefined while that is not known. */
export function howLong(kept: Kept | null | undefined): string {
  const asked = "You can ask whoever runs your exam to show you all of it, and to delete it.";
  if (!kept) return `For as long as the rules of whoever runs your exam say. ${asked}`;
  const { stream_days: stream, evidence_days: evidence, incidents_days: incidents } = kept;
  return `Every picture: ${until(stream)}. Pictures that show a problem: ${until(evidence)}. What was noted about you, and your name: ${until(incidents)}. It may be longer while somebody appeals. ${asked}`;
}

function until(days: number | null): string {
  if (days === null) return "until somebody deletes it";
  return days === 1 ? "for a day after the exam" : `for ${days} days after the exam`;
}

/** Empty when nobody's face is compared. */
export function aboutTemplate(kinds: readonly Kind[] | undefined): string {
  if (!isOn("different_person", kinds)) return "";
  return (
    "To notice another person, the server makes a face template: 128 numbers that describe your face, taken from your reference " +
    "photo or from the first clear pictures. It stays on the server, encrypted, only until the exam ends, and is never sent anywhere."
  );
}

function isOn(kind: Kind, kinds: readonly Kind[] | undefined): boolean {
  return kinds === undefined || kinds.includes(kind);
}

function listed(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} and ${last}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
