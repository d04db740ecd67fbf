/** Waits on the clock of the page; tests bring their own. */
export type Pause = (ms: number) => Promise<void>;

const pause: Pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Reads something again when it has changed: at once, then one reading at a time with a rest
 * between two.
 *
 * A reading under way is never given up for the next. Where changes come faster than answers,
 * the screen would otherwise wait for ever.
 */
export class Again {
  readonly #read: () => Promise<unknown>;
  readonly #restMs: number;
  readonly #pause: Pause;
  #busy = false;
  #wanted = false;

  constructor(read: () => Promise<unknown>, restMs: number, wait: Pause = pause) {
    this.#read = read;
    this.#restMs = restMs;
    this.#pause = wait;
  }

  /** What is read has changed. */
  soon(): void {
    this.#wanted = true;
    if (!this.#busy) void this.#run();
  }

  async #run(): Promise<void> {
    this.#busy = true;
    while (this.#wanted) {
      this.#wanted = false;
      try {
        await this.#read();
      } catch {
        // whoever reads says what went wrong; the next change reads again
      }
      await this.#pause(this.#restMs);
    }
    this.#busy = false;
  }
}
