/** The boards by name, and the link that opens one. Small: the first parts of the desk use it. */
import type { App } from '../app/app.ts';
import type { AppState } from '../app/state.ts';

export const BOARD_KEYS = ['shelters', 'runs', 'roads', 'teams', 'power'] as const;
export type BoardKey = (typeof BOARD_KEYS)[number];

/** The layer whose records a board is made of. */
export const LAYER_OF = {
  shelters: 'shelters',
  runs: 'evacuation_runs',
  roads: 'closures',
  teams: 'resources',
  power: 'power_areas',
} as const satisfies Record<BoardKey, string>;

export const TITLES = {
  shelters: 'boards.shelters',
  runs: 'boards.runs',
  roads: 'boards.roads',
  teams: 'boards.teams',
  power: 'boards.power',
} as const satisfies Record<BoardKey, string>;

/** The board a layer's records stand on; null for every other layer. */
export function boardOf(layer: string): BoardKey | null {
  return BOARD_KEYS.find((key) => LAYER_OF[key] === layer) ?? null;
}

/** What a link says: the board, and the row that is unfolded. null: no such board. */
export function readBoard(
  board: string | null,
): { readonly key: BoardKey; readonly item: string | null } | null {
  const [name, item] = (board ?? '').split('/');
  const key = BOARD_KEYS.find((one) => one === name);
  return key ? { key, item: item ?? null } : null;
}

/** Boards this caller may see. */
export function boardsSeen({ me }: Pick<AppState, 'me'>): BoardKey[] {
  return BOARD_KEYS.filter((key) => me.value?.layers.includes(LAYER_OF[key]));
}

/** Opens a board in the place of the table, perhaps with one of its rows unfolded. */
export function openBoard(app: App, key: BoardKey, item: string | null = null): void {
  if (app.store.state.tableLayer) app.table.close();
  app.store.set({ board: item ? `${key}/${item}` : key, section: 'table' });
}
