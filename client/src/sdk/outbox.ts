/** Small reports that must arrive: each is kept, in order, until the server has answered it. No I/O of its own. */

import { errorIn, isFinal } from "./errors";
import type { ActivityMessage, ErrorDetail, ShownMessage } from "./protocol";

export interface Reports {
  activity: ActivityMessage;
  shown: ShownMessage;
}

/** Sends one report; the server's answer, or undefined when none came. */
export type Way = (payload: Reports[keyof Reports]) => Promise<unknown>;

interface Item {
  event: keyof Reports;
  payload: Reports[keyof Reports];
  settle(refusal: ErrorDetail | undefined): void;
}

/** More than a candidate can cause in an hour without a connection. */
const MAX_ITEMS = 200;
/** Refusals that pass. */
const PASSING = new Set(["away", "too_many"]);
const DROPPED: ErrorDetail = { code: "dropped", text: "It was given up before it could be told." };

export class Outbox {
  readonly #items: Item[] = [];
  readonly #wayOf: (event: keyof Reports) => Way | undefined;
  readonly #retryAfter: number;
  #draining = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `wayOf` gives the way that is open to such a report now, if there is any. */
  constructor(wayOf: (event: keyof Reports) => Way | undefined, retryAfter = 1000) {
    this.#wayOf = wayOf;
    this.#retryAfter = retryAfter;
  }

  /** Settles when the server has answered, with why it refused, if it did; or when the report was given up. */
  push<Event extends keyof Reports>(event: Event, payload: Reports[Event]): Promise<ErrorDetail | undefined> {
    // The first is under way, or the consent; what is lost is the oldest of the others.
    if (this.#items.length >= MAX_ITEMS) this.#items.splice(1, 1)[0]?.settle(DROPPED);
    const settled = new Promise<ErrorDetail | undefined>((resolve) => {
      this.#items.push({ event, payload, settle: resolve });
    });
    void this.drain();
    return settled;
  }

  /** Send what waits. Called whenever a way opens. */
  async drain(): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    clearTimeout(this.#timer);
    let answered = true;
    for (let next = this.#next(); next && answered; next = this.#next()) answered = await this.#send(next.item, next.way);
    this.#draining = false;
    if (this.#next()) this.#timer = setTimeout(() => void this.drain(), this.#retryAfter);
  }

  close(refusal = DROPPED): void {
    clearTimeout(this.#timer);
    for (const { settle } of this.#items.splice(0)) settle(refusal);
  }

  /** The first for which there is a way: one that has to wait for a socket must not hold up the others. */
  #next(): { item: Item; way: Way } | undefined {
    for (const item of this.#items) {
      const way = this.#wayOf(item.event);
      if (way) return { item, way };
    }
    return undefined;
  }

  /** Whether the server has answered, be it with a refusal: saying the same again would not change its mind. */
  async #send(item: Item, way: Way): Promise<boolean> {
    const answer = await way(item.payload);
    if (answer === undefined) return false;
    const refusal = errorIn(answer);
    if (refusal && (PASSING.has(refusal.code) || (isFinish(item) && !isFinal(refusal)))) return false;
    const place = this.#items.indexOf(item);
    if (place >= 0) this.#items.splice(place, 1);
    item.settle(refusal);
    return true;
  }
}

/** That the candidate is done is told until it is taken. */
function isFinish({ payload }: Item): boolean {
  return "kind" in payload && payload.kind === "finished";
}

/** What was reported to have begun and not yet to have ended. */
export class LastingActivities {
  readonly #begun = new Map<string, ActivityMessage>();

  note(activity: ActivityMessage): void {
    const { kind, detail } = activity;
    if (kind === "finished") this.#begun.clear();
    if (typeof detail !== "object" || detail === null) return;
    if (detail["active"] === true) this.#begun.set(kind, activity);
    else if (detail["active"] === false) this.#begun.delete(kind);
  }

  active(): ActivityMessage[] {
    return [...this.#begun.values()];
  }
}
