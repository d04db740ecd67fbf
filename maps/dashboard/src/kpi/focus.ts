import type { App } from '../app/app.ts';
import type { AppState, Focus } from '../app/state.ts';
import { boardOf, openBoard } from '../boards/keys.ts';
import { question } from '../flood/desk.ts';
import { board } from './boards.ts';

/** More record numbers than this do not fit into one question. */
const MOST_IDS = 1200;

/** A figure of the desk as the features it counts: alone on the map, and in the table. */
export class FocusDesk {
  readonly #app: App;

  constructor(app: App) {
    this.#app = app;
    app.store.subscribe((now, before) => this.#changed(now, before));
  }

  /** Shows what a figure counts. */
  async show(kpi: string): Promise<void> {
    const focus = await this.#find(kpi);
    if (!focus) return;
    const { on } = this.#app.store.state;
    this.#app.store.set({
      focus,
      kpi,
      ...(on.has(focus.layer) ? {} : { on: new Set([...on, focus.layer]) }),
    });
    const key = boardOf(focus.layer);
    if (key) openBoard(this.#app, key);
    else this.#app.table.open(focus.layer);
  }

  clear(): void {
    this.#app.store.set({ focus: null, kpi: null });
    if (this.#app.store.state.tableLayer) void this.#app.table.refresh();
  }

  /** Takes over the figure that a link names, once what it counts is known. */
  follow(): void {
    const { kpi, focus } = this.#app.store.state;
    if (kpi && focus?.kpi !== kpi) void this.show(kpi);
    if (!kpi && focus) this.clear();
  }

  #changed(now: AppState, before: AppState): void {
    if (now.kpi !== before.kpi && now.kpi !== now.focus?.kpi) this.follow();
    if (!now.kpi) return;
    const known =
      now.boards !== before.boards ||
      now.incidents.value !== before.incidents.value ||
      now.impact.value !== before.impact.value;
    if (known) void this.#again(now.kpi);
  }

  /** What a figure counts has changed: the map and the table follow it. */
  async #again(kpi: string): Promise<void> {
    const focus = await this.#find(kpi);
    const { state } = this.#app.store;
    if (!focus || state.kpi !== kpi) return;
    if (String(focus.ids) === String(state.focus?.ids)) return;
    if (!state.focus) return void this.show(kpi);
    this.#app.store.set({ focus });
    void this.#app.table.refresh();
  }

  async #find(kpi: string): Promise<Focus | null> {
    const { state } = this.#app.store;
    if (kpi === 'shelters') {
      const open = board(state, 'shelters')?.filter(
        ({ properties }) => properties['open'] === true,
      );
      return open ? { kpi, layer: 'shelters', ids: open.map(({ id }) => Number(id)) } : null;
    }
    if (kpi === 'roads') {
      const closed = board(state, 'closures')?.filter(
        ({ properties }) => properties['status'] === 'closed',
      );
      return closed ? { kpi, layer: 'closures', ids: closed.map(({ id }) => Number(id)) } : null;
    }
    if (kpi === 'incidents') {
      const open = state.incidents.value;
      return open ? { kpi, layer: 'incidents', ids: open.map(({ id }) => id) } : null;
    }
    if (kpi === 'care') return this.#care();
    return null;
  }

  /** The people in care whom the chosen water reaches: the bedridden, as the figure counts them. */
  async #care(): Promise<Focus | null> {
    const { water, zones, lang, impact } = this.#app.store.state;
    const asked = water && question(water, zones.value);
    const counted = impact.value?.exposed.care_locations;
    if (!asked || !counted) return null;
    try {
      const answer = await this.#app.api.impact(asked, lang, undefined, ['care_locations']);
      const ids = answer.exposed.care_locations?.ids ?? [];
      if (ids.length > MOST_IDS || counted.by_class['bedridden'] === undefined) {
        return { kpi: 'care', layer: 'care_locations', ids: ids.slice(0, MOST_IDS) };
      }
      const page = await this.#app.api.items('care_locations', lang, {
        limit: MOST_IDS,
        bare: true,
        ids,
        where: { band: 'bedridden' },
      });
      return {
        kpi: 'care',
        layer: 'care_locations',
        ids: page.features.map(({ id }) => Number(id)),
      };
    } catch (error) {
      this.#app.complain('focus', error);
      return null;
    }
  }
}
