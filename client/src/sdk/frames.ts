/**
 * Which frame goes out next: at most two are under way, and of those that wait only the newest is kept. No I/O.
 *
 * A queue here would show the proctors the past: after a stall of ten seconds it would send fifty stale frames first.
 */

import { type Memory, tabStorage } from "./storage";

/** A picture on its way out. */
export interface CapturedFrame {
  jpeg: ArrayBuffer;
  /** Milliseconds since the epoch, by this machine's clock. */
  capturedAt: number;
}

/** What became of the frames so far. */
export interface FrameCounters {
  /** Handed to the network. */
  sent: number;
  /** Taken by the server. */
  acknowledged: number;
  /** Replaced by a newer frame before they were sent, or sent and never answered. */
  dropped: number;
  /** Sent and turned down by the server. */
  refused: number;
}

export const MAX_UNDER_WAY = 2;

export class FrameSlot {
  readonly counters: FrameCounters = { sent: 0, acknowledged: 0, dropped: 0, refused: 0 };
  #waiting: CapturedFrame | undefined;
  #underWay = 0;

  /** The newest frame replaces one that still waits. */
  offer(frame: CapturedFrame): void {
    if (this.#waiting) this.counters.dropped += 1;
    this.#waiting = frame;
  }

  /** The frame to send now, if the limit allows one more. */
  take(limit = MAX_UNDER_WAY): CapturedFrame | undefined {
    if (this.#underWay >= limit) return undefined;
    const frame = this.#waiting;
    if (!frame) return undefined;
    this.#waiting = undefined;
    this.#underWay += 1;
    this.counters.sent += 1;
    return frame;
  }

  /** One frame that was taken is answered, or given up. */
  settle(outcome: "acknowledged" | "dropped" | "refused"): void {
    this.#underWay -= 1;
    this.counters[outcome] += 1;
  }
}

/**
 * Numbers of frames, strictly increasing, across reloads of the page as well: the server refuses one it has seen.
 *
 * The clock alone would do unless it is set back between two loads, hence the memory of the last number; and unless there is
 * a second machine, hence `goAbove`.
 */
export class Sequence {
  readonly #storage: Memory | undefined;
  readonly #now: () => number;
  #last: number;

  constructor(storage: Memory | undefined = tabStorage(), now: () => number = Date.now) {
    this.#storage = storage;
    this.#now = now;
    this.#last = Number(storage?.getItem(SEQUENCE_KEY) ?? 0) || 0;
  }

  next(): number {
    this.#last = Math.max(this.#now(), this.#last + 1);
    this.#storage?.setItem(SEQUENCE_KEY, String(this.#last));
    return this.#last;
  }

  /** Another machine of the candidate's, whose clock is ahead, has got so far. */
  goAbove(last: number): void {
    this.#last = Math.max(this.#last, last);
  }
}

const SEQUENCE_KEY = "invigil.seq";
