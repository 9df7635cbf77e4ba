/** Times and causes as the reviewer's page says them. Pure. */

import type { GapCause } from "../../sdk";
import { count } from "../shared/words";

export const GAP_WORDS: Record<GapCause, string> = {
  stream: "No picture came",
  queue: "The disk was too slow",
  disk: "The disk was full or broken",
  restart: "The server was down",
  cut: "The server was killed",
};

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 });

/** 14:03:27.410, in the reader's own way. `at`: milliseconds since the epoch. */
export function exactClock(at: number): string {
  return CLOCK.format(at);
}

/** 1:02:03, or 02:03.410 with `exact`. */
export function timecode(milliseconds: number, exact = false): string {
  const total = exact ? Math.round(milliseconds) : Math.floor(milliseconds / 1000) * 1000;
  const hours = Math.floor(total / 3_600_000);
  const rest = `${two(Math.floor(total / 60_000) % 60)}:${two(Math.floor(total / 1000) % 60)}`;
  return `${hours > 0 ? `${hours}:` : ""}${rest}${exact ? `.${String(total % 1000).padStart(3, "0")}` : ""}`;
}

/** "1 hour 2 minutes 3 seconds", for a screen reader. */
export function inWords(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const parts = [
    [Math.floor(seconds / 3600), "hour"],
    [Math.floor(seconds / 60) % 60, "minute"],
    [seconds % 60, "second"],
  ] as const;
  const said = parts.filter(([number]) => number > 0).map(([number, noun]) => count(number, noun));
  return said.join(" ") || "0 seconds";
}

export function megabytes(bytes: number): string {
  const value = bytes / 1_000_000;
  return `${value.toFixed(value < 10 ? 1 : 0)} MB`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

const TIME = /^(?:(\d+):)?(?:(\d+):)?(\d+(?:\.\d+)?)$/;
const MINUTE = 60_000;
const DAY = 86_400_000;

/**
 * Where somebody wants to go: "42", "12:30" or "1:02:03" from the beginning; or, when that is beyond the end, a time of day.
 * Milliseconds since the beginning, or nothing when it is no time in the recording.
 */
export function momentOf(text: string, began: number, length: number): number | undefined {
  const matched = TIME.exec(text.trim());
  if (!matched) return undefined;
  const parts = matched.slice(1).filter((each) => each !== undefined).map(Number);
  const position = parts.reduce((sum, each) => sum * 60 + each, 0) * 1000;
  if (position <= length) return position;
  if (parts.length < 2) return undefined;
  const midnight = new Date(began).setHours(0, 0, 0, 0);
  const ofDay = parts.length === 2 ? position * 60 : position;
  const found = [0, DAY].map((days) => midnight + days + ofDay - began).find((at) => at > -MINUTE && at <= length);
  return found === undefined ? undefined : Math.max(0, found);
}
