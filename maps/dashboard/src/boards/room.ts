import { type Problem, problemOf } from '../api/problem.ts';
import type { ChangeEvent, Feature, LayerSchema } from '../api/types.ts';
import type { App } from '../app/app.ts';
import { failed, type Loadable, loaded, loading, nothing } from '../app/loadable.ts';
import type { AppState } from '../app/state.ts';
import { Store } from '../app/store.ts';
import type { Desk } from '../desk/desk.ts';
import type { MessageKey } from '../i18n/index.ts';
import { isBoard } from '../kpi/boards.ts';
import { BoardApi, type Home, type Waiting, type Written } from './api.ts';
import { LAYER_OF, readBoard } from './keys.ts';
import { before } from './rules.ts';

const STAYS = 'shelter_stays';
const RUNS = LAYER_OF.runs;
const SETTLE_MS = 100;

export interface RoomState {
  /** Households counted somewhere now; absent for who may not see them. */
  readonly stays: Loadable<readonly Feature[]>;
  readonly runs: Loadable<readonly Feature[]>;
  readonly waiting: readonly Waiting[];
  /** Why the households that wait could not be read last. */
  readonly waitingProblem: Problem | null;
  /** Who hangs on power, by the record number of the area that is unfolded. */
  readonly homes: ReadonlyMap<string, Loadable<readonly Home[]>>;
  /** Titles and labels of codes, by layer. */
  readonly schemas: Readonly<Record<string, LayerSchema>>;
  /** Names of roads by code. */
  readonly roads: ReadonlyMap<string, string>;
  /** What is under way, in words; null: nothing is. */
  readonly busy: MessageKey | null;
  /** Somebody else was first, or the server refused: its own sentence. */
  readonly refused: string | null;
  /** What was done last, and how to take it back where that is possible. */
  readonly done: { readonly words: string; readonly undo?: () => Promise<void> } | null;
}

/** The open board: its rows, kept up to date, and what is done with them. */
export class BoardRoom {
  readonly app: App;
  readonly desk: Desk;
  readonly api: BoardApi;
  readonly store = new Store<RoomState>({
    stays: nothing,
    runs: nothing,
    waiting: [],
    waitingProblem: null,
    homes: new Map(),
    schemas: {},
    roads: new Map(),
    busy: null,
    refused: null,
    done: null,
  });
  readonly #touched = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(app: App, desk: Desk) {
    this.app = app;
    this.desk = desk;
    this.api = new BoardApi(app.api, desk.acting);
    app.store.subscribe((now, was) => this.#follow(now, was));
    // a link that opens a board shows it on a phone too
    if (readBoard(app.store.state.board)) app.store.set({ section: 'table' });
    this.load();
  }

  /** Reads what the open board shows. */
  load(): void {
    const key = readBoard(this.app.store.state.board)?.key;
    if (!key) return;
    void this.#words();
    if (key === 'shelters') void this.#read(STAYS);
    if (key === 'runs') void this.#read(RUNS);
    if (key === 'roads') void this.#roads();
    if (key === 'power') this.#homes();
  }

  onChanges(changes: readonly ChangeEvent[]): void {
    for (const { layer } of changes) this.#touched.add(layer);
    if (this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      const touched = [...this.#touched];
      this.#touched.clear();
      this.#again(touched);
    }, SETTLE_MS);
  }

  #again(touched: readonly string[]): void {
    const key = readBoard(this.app.store.state.board)?.key;
    if (key === 'shelters' && touched.includes(STAYS)) void this.#read(STAYS);
    if (key === 'runs' && (touched.includes(RUNS) || touched.includes(STAYS))) {
      void this.#read(RUNS);
    }
    if (key === 'power' && touched.some((layer) => /^(power_areas|care_locations)$/.test(layer))) {
      this.#homes();
    }
  }

  /**
   * Does one thing. Answers whether it was done; otherwise the reason is on the screen, with the
   * rows as they are now. `undo` takes what was done back.
   */
  async act<T>(
    words: string,
    layers: readonly string[],
    work: () => Promise<T>,
    undo?: (made: T) => Promise<unknown>,
    busy: MessageKey = 'board.busy',
  ): Promise<boolean> {
    this.store.set({ busy, refused: null, done: null });
    try {
      const made = await work();
      const back = undo && {
        undo: async () => {
          const taken = this.app.t('board.undone', { words });
          await this.act(taken, layers, () => undo(made));
        },
      };
      this.store.set({ done: { words, ...back } });
      return true;
    } catch (error) {
      const { detail, status } = problemOf(error);
      const said = detail ?? this.app.t(status ? 'error.unexpected' : 'error.network', { status });
      this.store.set({ refused: said });
      return false;
    } finally {
      // what is pressed next names the version that is there by then, not the one before this
      await Promise.all(layers.map((layer) => this.#fresh(layer)));
      this.store.set({ busy: null });
    }
  }

  /** An edit of a record, which can be taken back until somebody else edits it. */
  edit(
    words: MessageKey,
    layer: string,
    row: Feature,
    patch: Readonly<Record<string, unknown>>,
  ): Promise<boolean> {
    const { lang } = this.app.store.state;
    return this.act(
      this.app.t(words, { name: named(row) }),
      [layer],
      () => this.api.patch(layer, row, patch, lang),
      (made) => this.api.patch(layer, made, before(row, patch), lang),
    );
  }

  /** A new record, which can be taken away again until somebody else edits it. */
  make(
    words: MessageKey,
    layer: string,
    geometry: GeoJSON.Geometry,
    properties: Readonly<Record<string, unknown>>,
  ): Promise<boolean> {
    const { lang } = this.app.store.state;
    const name = String(properties['name'] ?? properties['code']);
    return this.act<Written>(
      this.app.t(words, { name }),
      [layer],
      () => this.api.make(layer, geometry, properties, lang),
      (made) => this.api.remove(layer, made, lang),
    );
  }

  /** Who acts, for steps that bear a name beside the sign-in's. */
  get by(): Readonly<Record<string, string>> {
    return this.desk.acting.by;
  }

  quiet(): void {
    this.store.set({ refused: null, done: null });
  }

  /** Reads who hangs on power in an area that is unfolded. */
  async homesOf(area: Feature): Promise<void> {
    const id = String(area.id);
    const { lang } = this.app.store.state;
    const set = (found: Loadable<readonly Home[]>) =>
      this.store.set({ homes: new Map(this.store.state.homes).set(id, found) });
    set(loading(this.store.state.homes.get(id)));
    try {
      set(loaded(await this.api.homes(area, lang)));
    } catch (error) {
      set(failed(problemOf(error)));
    }
  }

  #follow(now: AppState, was: AppState): void {
    const key = readBoard(now.board)?.key;
    if (now.board !== was.board && key !== readBoard(was.board)?.key) {
      this.quiet();
      this.app.store.set({ picking: null, ...(key ? { section: 'table' as const } : {}) });
      this.load();
    } else if (key && (now.lang !== was.lang || now.at !== was.at)) this.load();
    else if (key === 'power' && now.board !== was.board) this.#homes();
    else if (key === 'roads' && now.boards !== was.boards) void this.#roads();
  }

  async #fresh(layer: string): Promise<void> {
    if (isBoard(layer)) await this.desk.boards.again(layer);
    else if (layer === STAYS || layer === RUNS) await this.#read(layer);
  }

  async #words(): Promise<void> {
    const { lang, me } = this.app.store.state;
    const layers = [...Object.values(LAYER_OF), STAYS, 'care_locations'].filter((layer) =>
      me.value?.layers.includes(layer),
    );
    try {
      const found = await Promise.all(layers.map((layer) => this.app.api.schema(layer, lang)));
      this.store.set({
        schemas: Object.fromEntries(found.map((schema, n) => [layers[n], schema])),
      });
    } catch {
      // codes stand for their labels until the next time
    }
  }

  async #read(layer: typeof STAYS | typeof RUNS): Promise<void> {
    const { lang, me, at } = this.app.store.state;
    if (!me.value?.layers.includes(layer)) return;
    const part = layer === STAYS ? 'stays' : 'runs';
    const known = this.store.state[part];
    this.store.set({ [part]: loading(known) });
    try {
      const filter = layer === STAYS ? 'out_at IS NULL' : undefined;
      const waiting = layer === RUNS ? this.#waiting(at === null) : null;
      this.store.set({ [part]: loaded(await this.api.all(layer, lang, filter)) });
      await waiting;
    } catch (error) {
      this.store.set({ [part]: failed(problemOf(error), known) });
    }
  }

  /** Who waits to be fetched after all; runs are shown without them where that fails. */
  async #waiting(now: boolean): Promise<void> {
    try {
      const waiting = now ? await this.api.waiting(this.app.store.state.lang) : [];
      this.store.set({ waiting, waitingProblem: null });
    } catch (error) {
      this.store.set({ waitingProblem: problemOf(error) });
    }
  }

  /** What people call the roads that closures name. */
  async #roads(): Promise<void> {
    const { boards, lang } = this.app.store.state;
    const codes = new Set(
      (boards.get(LAYER_OF.roads) ?? [])
        .map(({ properties }) => properties['road_code'])
        .filter((code): code is string => typeof code === 'string'),
    );
    const missing = [...codes].filter((code) => !this.store.state.roads.has(code)).slice(0, 100);
    if (missing.length === 0) return;
    try {
      const found = await this.api.roadsNamed(missing, lang);
      const roads = new Map(this.store.state.roads);
      for (const code of missing) roads.set(code, code);
      for (const { properties } of found) {
        roads.set(String(properties['code']), String(properties['name'] ?? properties['code']));
      }
      this.store.set({ roads });
    } catch {
      // the code stands for the name
    }
  }

  #homes(): void {
    const { board, boards } = this.app.store.state;
    const item = readBoard(board)?.item;
    const area = (boards.get(LAYER_OF.power) ?? []).find(({ id }) => String(id) === item);
    if (area) void this.homesOf(area);
  }
}

/** What people call a record. */
export function named({ id, properties }: Feature): string {
  return String(properties['name'] ?? properties['household'] ?? properties['code'] ?? id);
}
