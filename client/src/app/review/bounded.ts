/** A map that keeps what was used last. */

export class Bounded<Key, Value> {
  readonly #items = new Map<Key, Value>();
  readonly #most: number;
  readonly #dropped: (value: Value) => void;

  constructor(most: number, dropped: (value: Value) => void = () => undefined) {
    this.#most = most;
    this.#dropped = dropped;
  }

  get(key: Key): Value | undefined {
    const value = this.#items.get(key);
    if (value === undefined) return undefined;
    this.#items.delete(key);
    this.#items.set(key, value);
    return value;
  }

  set(key: Key, value: Value): void {
    const before = this.#items.get(key);
    if (before !== undefined && before !== value) this.#dropped(before);
    this.#items.delete(key);
    this.#items.set(key, value);
    for (const [oldest, old] of this.#items) {
      if (this.#items.size <= this.#most) break;
      this.#items.delete(oldest);
      this.#dropped(old);
    }
  }

  clear(): void {
    for (const value of this.#items.values()) this.#dropped(value);
    this.#items.clear();
  }
}
