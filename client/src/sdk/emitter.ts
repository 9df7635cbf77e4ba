/** A typed event emitter. Every `on()` returns its undo. */

export type Undo = () => void;

/** Nothing to undo. */
export const noop: Undo = () => undefined;

export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(value: never) => void>>();

  on<Name extends keyof Events>(name: Name, listener: (value: Events[Name]) => void): Undo {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    const listeners = this.#listeners.get(name) ?? [];
    for (const listener of listeners) (listener as (value: Events[Name]) => void)(value);
  }
}

/** Listen to a DOM event until undone. */
export function listen(target: EventTarget, name: string, listener: (event: Event) => void): Undo {
  target.addEventListener(name, listener);
  return () => target.removeEventListener(name, listener);
}

/** One undo for many. */
export function all(...undos: Undo[]): Undo {
  return () => {
    for (const undo of undos) undo();
  };
}
