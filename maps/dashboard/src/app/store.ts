/** A value that tells its listeners, once per microtask, that it changed. */
export class Store<S extends object> {
  #state: S;
  #queued = false;
  readonly #listeners = new Set<(state: S, before: S) => void>();
  #told: S;

  constructor(initial: S) {
    this.#state = initial;
    this.#told = initial;
  }

  get state(): Readonly<S> {
    return this.#state;
  }

  /** Replaces the named parts. Setting what is already there tells nobody. */
  set(patch: Partial<S>): void {
    const names = Object.keys(patch) as (keyof S)[];
    if (names.every((name) => Object.is(this.#state[name], patch[name]))) return;
    this.#state = { ...this.#state, ...patch };
    if (this.#queued) return;
    this.#queued = true;
    queueMicrotask(() => {
      this.#queued = false;
      const before = this.#told;
      this.#told = this.#state;
      for (const listener of this.#listeners) listener(this.#state, before);
    });
  }

  /** Calls `listener` after every change; returns how to stop. */
  subscribe(listener: (state: S, before: S) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
