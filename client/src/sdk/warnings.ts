/** Which warnings are open. Two sources feed it: single events over the socket, and whole lists over HTTP. */

import type { Warning, WarningCleared } from "./protocol";

export class OpenWarnings {
  readonly #open = new Map<string, Warning>();
  readonly #onOpen: (warning: Warning) => void;
  readonly #onCleared: (cleared: WarningCleared) => void;
  #unconfirmed = new Set<string>();

  constructor(onOpen: (warning: Warning) => void, onCleared: (cleared: WarningCleared) => void) {
    this.#onOpen = onOpen;
    this.#onCleared = onCleared;
  }

  add(warning: Warning): void {
    this.#unconfirmed.delete(warning.incident_id);
    if (this.#open.has(warning.incident_id)) return;
    this.#open.set(warning.incident_id, warning);
    this.#onOpen(warning);
  }

  clear(cleared: WarningCleared): void {
    if (this.#open.delete(cleared.incident_id)) this.#onCleared(cleared);
  }

  /** Make it exactly these. */
  replace(warnings: Warning[]): void {
    const ids = new Set(warnings.map((warning) => warning.incident_id));
    for (const id of this.#open.keys()) if (!ids.has(id)) this.#clearNow(id);
    for (const warning of warnings) this.add(warning);
  }

  /** After a reconnect the server tells again what is open; what it does not tell again by `sweep()` is over. */
  doubt(): void {
    this.#unconfirmed = new Set(this.#open.keys());
  }

  sweep(): void {
    for (const id of this.#unconfirmed) this.#clearNow(id);
    this.#unconfirmed.clear();
  }

  #clearNow(id: string): void {
    this.clear({ incident_id: id, at: new Date().toISOString() });
  }
}
