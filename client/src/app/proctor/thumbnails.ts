/** The newest picture of each watched candidate. Outside of React's state: 200 pictures a second must not draw the page anew. */

import type { Thumbnail } from "../../sdk";
import type { Undo } from "../../sdk/emitter";

export class Thumbnails {
  readonly #urls = new Map<string, string>();
  readonly #subscribers = new Map<string, Set<() => void>>();

  show({ candidate_id, jpeg }: Thumbnail): void {
    const previous = this.#urls.get(candidate_id);
    this.#urls.set(candidate_id, URL.createObjectURL(new Blob([jpeg], { type: "image/jpeg" })));
    for (const subscriber of this.#subscribers.get(candidate_id) ?? []) subscriber();
    if (previous) URL.revokeObjectURL(previous);
  }

  urlOf(candidateId: string): string | undefined {
    return this.#urls.get(candidateId);
  }

  subscribe(candidateId: string, subscriber: () => void): Undo {
    const subscribers = this.#subscribers.get(candidateId) ?? new Set();
    this.#subscribers.set(candidateId, subscribers.add(subscriber));
    return () => subscribers.delete(subscriber);
  }

  clear(): void {
    for (const url of this.#urls.values()) URL.revokeObjectURL(url);
    this.#urls.clear();
  }
}
