/** What is noted about the candidate, for React: the server's list, read again and again, and what the line says meanwhile. */

import type { HeldList, Proctoring } from "../../sdk";
import { all, type Undo } from "../../sdk/emitter";
import type { Overrides } from "../shared/accommodations";
import { retryDelay } from "../shared/backoff";
import { type HeldItems, withCleared, withLoaded, withWarning } from "./held";

/** A verdict is not told over the line: it is looked for so often. */
const LOOK_EVERY_MS = 60_000;

export interface HeldState {
  list: HeldItems;
  /** The server's list has come, at least once. */
  loaded: boolean;
  /** What was agreed with this candidate. */
  accommodations: Overrides;
}

export class HeldFeed {
  readonly #load: () => Promise<HeldList>;
  readonly #subscribers = new Set<() => void>();
  #state: HeldState = { list: [], loaded: false, accommodations: {} };
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  /** Which look is the newest: an older one's answer is not wanted any more. */
  #look = 0;

  constructor(load: () => Promise<HeldList>) {
    this.#load = load;
  }

  /** For `useSyncExternalStore`. */
  readonly subscribe = (subscriber: () => void): Undo => {
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  };
  readonly getState = (): HeldState => this.#state;

  open(): Undo {
    void this.look();
    return () => {
      this.#look += 1;
      clearTimeout(this.#timer);
    };
  }

  follow(proctoring: Proctoring): Undo {
    return all(
      proctoring.on("warning", (warning) => this.#set({ list: withWarning(this.#state.list, warning) })),
      proctoring.on("warning_cleared", (cleared) => this.#set({ list: withCleared(this.#state.list, cleared) })),
    );
  }

  /** Read the server's list now, and then again and again. */
  async look(): Promise<void> {
    this.#look += 1;
    const look = this.#look;
    clearTimeout(this.#timer);
    const answer = await this.#load().catch(() => undefined);
    if (look !== this.#look) return;
    this.#failures = answer ? 0 : this.#failures + 1;
    this.#timer = setTimeout(() => void this.look(), answer ? LOOK_EVERY_MS : retryDelay(this.#failures));
    if (!answer) return;
    const { held, accommodations = {} } = answer;
    this.#set({ list: withLoaded(this.#state.list, held), loaded: true, accommodations });
  }

  #set(change: Partial<HeldState>): void {
    this.#state = { ...this.#state, ...change };
    for (const subscriber of this.#subscribers) subscriber();
  }
}
