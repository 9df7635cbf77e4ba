/** One recording as the server has it, asked for again while it grows. Knows nothing of React. */

import type { Incident, ShownRecording } from "../../sdk";
import type { Undo } from "../../sdk/emitter";
import { textOf, codeOf } from "../shared/api";
import { retryDelay } from "../shared/backoff";
import type { Archive } from "./archive";
import { askFrom, merged, withIncident } from "./growing";
import { type Model, modelOf } from "./model";

/** While it grows, and while its video is made. */
const BUSY_MS = 2000;
/** Somebody else may judge the same incidents. */
const IDLE_MS = 15_000;

export interface FeedState {
  shown: ShownRecording | undefined;
  model: Model | undefined;
  /** Why the last answer did not come, and the server's word for that. */
  error: string | undefined;
  code: string | undefined;
  /** It was here, and the server has it no longer: nothing of it is kept here either. */
  deleted: boolean;
}

const NOTHING: FeedState = { shown: undefined, model: undefined, error: undefined, code: undefined, deleted: false };

export class Feed {
  readonly #archive: Archive;
  readonly #id: string;
  readonly #subscribers = new Set<() => void>();
  #state = NOTHING;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #open = false;

  constructor(archive: Archive, id: string) {
    this.#archive = archive;
    this.#id = id;
  }

  readonly subscribe = (subscriber: () => void): Undo => {
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  };
  readonly getState = (): FeedState => this.#state;

  open(): Undo {
    this.#open = true;
    void this.refresh();
    return () => {
      this.#open = false;
      clearTimeout(this.#timer);
    };
  }

  /** Ask now. */
  readonly refresh = async (): Promise<void> => {
    clearTimeout(this.#timer);
    const from = askFrom(this.#state.shown);
    try {
      this.#take(await this.#archive.recording(this.#id, from), from);
      this.#failures = 0;
    } catch (failure) {
      this.#failures += 1;
      this.#fail(textOf(failure), codeOf(failure));
    }
    if (!this.#open || this.#state.deleted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.refresh(), this.#failures > 0 ? retryDelay(this.#failures) : this.#pause());
  };

  /** Put an incident in its place, as the server has it now. */
  replace(incident: Incident): void {
    const { shown } = this.#state;
    if (shown) this.#show(withIncident(shown, incident));
  }

  #pause(): number {
    const { shown } = this.#state;
    const busy = shown?.recording.state === "open" || shown?.video.state === "making";
    return busy && document.visibilityState === "visible" ? BUSY_MS : IDLE_MS;
  }

  #take(answer: ShownRecording, from: number): void {
    // Asked for before it went.
    if (this.#state.deleted) return;
    const before = this.#state.shown;
    this.#show(before ? merged(before, answer, from) : answer);
  }

  #fail(error: string, code: string | undefined): void {
    const deleted = this.#state.deleted || (code === "not_found" && this.#state.shown !== undefined);
    this.#set({ ...(deleted ? NOTHING : this.#state), error, code, deleted });
  }

  #show(shown: ShownRecording): void {
    this.#set({ ...NOTHING, shown, model: modelOf(shown) });
  }

  #set(state: FeedState): void {
    this.#state = state;
    for (const subscriber of this.#subscribers) subscriber();
  }
}
