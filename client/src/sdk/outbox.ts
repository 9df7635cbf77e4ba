/** Small reports that must arrive: each is kept, in order, until the server has answered it. */

import type { Socket } from "socket.io-client";
import { errorIn } from "./errors";
import type { ActivityMessage } from "./protocol";

interface Item {
  event: string;
  payload: unknown;
}

/** More than a candidate can cause in an hour without a connection. */
const MAX_ITEMS = 200;
/** Refusals that pass. */
const PASSING = new Set(["away", "too_many"]);

export class Outbox {
  readonly #items: Item[] = [];
  readonly #socket: Socket;
  readonly #answerWithin: number;
  #draining = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waiters: (() => void)[] = [];

  constructor(socket: Socket, answerWithin: number) {
    this.#socket = socket;
    this.#answerWithin = answerWithin;
  }

  push(event: string, payload: unknown): void {
    // The first is under way, or the consent; what is lost is the oldest of the others.
    if (this.#items.length >= MAX_ITEMS) this.#items.splice(1, 1);
    this.#items.push({ event, payload });
    void this.drain();
  }

  /** Send what waits. Called on every connect. */
  async drain(): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    clearTimeout(this.#timer);
    while (this.#socket.connected && this.#items.length > 0) {
      if (!(await this.#sendFirst())) break;
      this.#items.shift();
    }
    this.#draining = false;
    if (this.#items.length === 0) this.#tellWaiters();
    else if (this.#socket.connected) this.#timer = setTimeout(() => void this.drain(), 1000);
  }

  /** When everything is answered, or after `within` milliseconds. */
  async settled(within: number): Promise<void> {
    if (this.#items.length === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, within);
      this.#waiters.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#items.length = 0;
    this.#tellWaiters();
  }

  /** Whether the server has answered, be it with a refusal: saying the same again would not change its mind. */
  async #sendFirst(): Promise<boolean> {
    const first = this.#items[0];
    if (!first) return true;
    try {
      const answer: unknown = await this.#socket.timeout(this.#answerWithin).emitWithAck(first.event, first.payload);
      return !PASSING.has(errorIn(answer)?.code ?? "");
    } catch {
      return false;
    }
  }

  #tellWaiters(): void {
    for (const tell of this.#waiters.splice(0)) tell();
  }
}

/** What was reported to have begun and not yet to have ended. */
export class LastingActivities {
  readonly #begun = new Map<string, ActivityMessage>();

  note(activity: ActivityMessage): void {
    const { kind, detail } = activity;
    if (typeof detail !== "object" || detail === null) return;
    if (detail["active"] === true) this.#begun.set(kind, activity);
    else if (detail["active"] === false) this.#begun.delete(kind);
  }

  active(): ActivityMessage[] {
    return [...this.#begun.values()];
  }
}
