import { type Problem, problemOf } from '../api/problem.ts';
import type { ChangeEvent, Feature } from '../api/types.ts';
import type { App } from '../app/app.ts';
import type { AppState } from '../app/state.ts';
import { Again } from '../live/again.ts';

/** Layers small enough to be read whole, and what the desk counts in them. */
export const BOARDS = ['shelters', 'closures', 'power_areas', 'resources'] as const;
export type Board = (typeof BOARDS)[number];

const LIMIT = 1000;
const REST_MS = 300;

/** The boards' records as of the moment shown, kept up to date. */
export class BoardDesk {
  readonly #app: App;
  readonly #waiting = new Set<string>();
  /** Why a board could not be read last, by layer: what is shown of it is older than it seems. */
  readonly problems = new Map<string, Problem>();
  readonly #again = new Again(() => this.#readWaiting(), REST_MS);

  constructor(app: App) {
    this.#app = app;
  }

  /** Reads the boards this caller may see; what may not be seen is absent, not empty. */
  load(): void {
    const seen = this.#app.store.state.me.value?.layers ?? [];
    for (const board of BOARDS) if (seen.includes(board)) void this.#read(board);
  }

  onChanges(changes: readonly ChangeEvent[]): void {
    for (const { layer } of changes) if (isBoard(layer)) this.#waiting.add(layer);
    if (this.#waiting.size > 0) this.#again.soon();
  }

  async #readWaiting(): Promise<void> {
    const boards = [...this.#waiting];
    this.#waiting.clear();
    await Promise.all(boards.map((board) => this.#read(board)));
  }

  /** Reads one board again at once: something was done to it here. */
  again(board: string): Promise<void> {
    return this.#read(board);
  }

  async #read(board: string): Promise<void> {
    const { api, store } = this.#app;
    const asked = api.asOf;
    try {
      const page = await api.items(board, store.state.lang, { limit: LIMIT });
      if (api.asOf !== asked) return;
      this.problems.delete(board);
      const boards = new Map<string, readonly Feature[]>(store.state.boards);
      store.set({ boards: boards.set(board, page.features) });
    } catch (error) {
      // the figure keeps its rows and their age; the board says why it is not newer
      this.problems.set(board, problemOf(error));
      store.set({ boards: new Map(store.state.boards) });
    }
  }
}

export function isBoard(layer: string): layer is Board {
  return (BOARDS as readonly string[]).includes(layer);
}

/** The state's boards of one layer; null when they are not known or not to be seen. */
export function board(state: Pick<AppState, 'boards'>, layer: Board): readonly Feature[] | null {
  return state.boards.get(layer) ?? null;
}
