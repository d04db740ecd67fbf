import { problemOf } from '../api/problem.ts';
import type { ChangeEvent } from '../api/types.ts';
import type { App } from '../app/app.ts';
import { failed, loaded, loading } from '../app/loadable.ts';
import type { AppState } from '../app/state.ts';
import { once } from '../incidents/api.ts';
import type { LogStep } from '../incidents/types.ts';
import type { EventSettings, Line, Signed, TownEvent } from './types.ts';

const LAYERS = new Set(['events', 'event_log', 'event_words']);
const SETTLE_MS = 200;
const MOST = 1000;

/** The flood that is being run: what has been announced by whom, and the story so far. */
export class EventDesk {
  readonly #app: App;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(app: App) {
    this.#app = app;
    app.store.subscribe((now, before) => this.#follow(now, before));
  }

  async load(): Promise<void> {
    const { store, api } = this.#app;
    const { me, lang, events } = store.state;
    if (!me.value?.layers.includes('events')) return;
    store.set({ events: loading(events) });
    try {
      const [told, settings] = await Promise.all([
        api.http.json<{ events: TownEvent[] }>('/events', { lang }),
        api.http.json<EventSettings>('/events/settings', { lang }),
      ]);
      store.set({ events: loaded(told.events), eventSettings: settings });
    } catch (error) {
      store.set({ events: failed(problemOf(error), events) });
    }
    if (store.state.eventPanel) void this.readLog();
  }

  show(open: boolean): void {
    this.#app.store.set({ eventPanel: open });
    if (open) void this.readLog();
  }

  /** The story of the open event, or of the one before it. */
  async readLog(): Promise<void> {
    const { store, api } = this.#app;
    const event = currentEvent(store.state) ?? store.state.events.value?.[0];
    if (!event || !store.state.me.value?.layers.includes('event_log')) return;
    try {
      const { steps } = await api.http.json<{ steps: LogStep[] }>(
        `/events/${event.id}/log?limit=${MOST}`,
        { lang: store.state.lang },
      );
      store.set({ eventLog: steps });
    } catch (error) {
      this.#app.complain('event-log', error);
    }
  }

  open(name: string, kind: string, exercise: boolean, signed: Signed): Promise<boolean> {
    return this.#post('/events', { name, kind, exercise, ...signed });
  }

  announce(event: TownEvent, line: Line, value: string, signed: Signed): Promise<boolean> {
    return this.#post(`/events/${event.id}/announce`, { line, value, ...signed }, event.version);
  }

  close(event: TownEvent, signed: Signed): Promise<boolean> {
    return this.#post(`/events/${event.id}/close`, { ...signed }, event.version);
  }

  note(event: TownEvent, note: string): Promise<boolean> {
    return this.#post(`/events/${event.id}/note`, { note });
  }

  onChanges(changes: readonly ChangeEvent[]): void {
    if (!changes.some(({ layer }) => LAYERS.has(layer)) || this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.load();
    }, SETTLE_MS);
  }

  async #post(path: string, body: unknown, version?: string): Promise<boolean> {
    const { http } = this.#app.api;
    try {
      await http.json(path, {
        lang: this.#app.store.state.lang,
        method: 'POST',
        body,
        headers: { ...once(), ...(version ? { 'If-Match': `"${version}"` } : {}) },
      });
      await this.load();
      return true;
    } catch (error) {
      this.#app.complain('event', error);
      await this.load();
      return false;
    }
  }

  #follow(now: AppState, before: AppState): void {
    if (now.lang !== before.lang) void this.load();
  }
}

/** The event that is open; null in quiet times. */
export function currentEvent({ events }: Pick<AppState, 'events'>): TownEvent | null {
  return events.value?.find(({ state }) => state === 'open') ?? null;
}
