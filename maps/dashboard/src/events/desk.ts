import { problemOf } from '../api/problem.ts';
import type { ChangeEvent } from '../api/types.ts';
import type { App } from '../app/app.ts';
import { failed, loaded, loading, nothing } from '../app/loadable.ts';
import type { AppState } from '../app/state.ts';
import type { Acting } from '../desk/acting.ts';
import { once } from '../incidents/api.ts';
import { Again } from '../live/again.ts';
import { joined } from './story.ts';
import type { EventSettings, EventStep, EventView, Line, Signed, TownEvent } from './types.ts';

const LAYERS = new Set(['events', 'event_log', 'event_words']);
const REST_MS = 500;
/** Steps asked for at once, and pages of them that are shown; the CSV has all. */
const PAGE = 1000;
const PAGES = 20;

interface Page {
  readonly steps: readonly EventStep[];
  readonly next: string | null;
}

/** The flood that is being run and those before it: what was announced by whom, and the story. */
export class EventDesk {
  readonly #app: App;
  readonly #acting: Acting;
  readonly #again = new Again(() => this.load(), REST_MS);
  /** Where the log was last read to, in whole pages: a step never changes, so only more is asked. */
  #upTo: { readonly of: string; after: string | null; steps: readonly EventStep[] } | null = null;
  #reading = 0;

  constructor(app: App, acting: Acting) {
    this.#app = app;
    this.#acting = acting;
    app.store.subscribe((now, before) => this.#follow(now, before));
  }

  async load(): Promise<void> {
    const { store, api } = this.#app;
    const { me, lang, events } = store.state;
    if (!me.value?.layers.includes('events')) return;
    store.set({ events: loading(events) });
    const settings = this.#settings();
    try {
      const told = await api.http.json<{ events: TownEvent[] }>('/events', { lang });
      store.set({ events: loaded(told.events) });
    } catch (error) {
      store.set({ events: failed(problemOf(error), events) });
    }
    await settings;
    if (store.state.event) void this.#open();
  }

  /** The town's flags and seats; events are shown without their words where that fails. */
  async #settings(): Promise<void> {
    const { store, api } = this.#app;
    try {
      const eventSettings = await api.http.json<EventSettings>('/events/settings', {
        lang: store.state.lang,
      });
      store.set({ eventSettings });
    } catch (error) {
      // a line that is down is told for the whole page
      if (problemOf(error).status === 0) return;
      this.#app.complain('events-settings', error, () => void this.#settings());
    }
  }

  /** Opens the panel on an event (null: the open one), or closes it. */
  show(view: EventView | null): void {
    this.#app.store.set({ event: view });
  }

  open(name: string, kind: string, exercise: boolean, signed: Signed): Promise<string | null> {
    return this.#post('/events', {
      name,
      kind,
      // unsaid it is one while an exercise is on; nobody makes it real by forgetting to tick
      ...(exercise ? { exercise } : {}),
      ...signed,
    });
  }

  announce(event: TownEvent, line: Line, value: string, signed: Signed): Promise<string | null> {
    return this.#post(`/events/${event.id}/announce`, { line, value, ...signed }, event.version);
  }

  close(event: TownEvent, signed: Signed): Promise<string | null> {
    return this.#post(`/events/${event.id}/close`, { ...signed }, event.version);
  }

  reopen(event: TownEvent, signed: Signed): Promise<string | null> {
    return this.#post(`/events/${event.id}/reopen`, { ...signed }, event.version);
  }

  note(event: TownEvent, signed: Signed): Promise<string | null> {
    return this.#post(`/events/${event.id}/note`, { ...signed });
  }

  /** Takes an announcement back, by a step of its own. */
  undo(event: TownEvent, step: number, signed: Signed): Promise<string | null> {
    return this.#post(`/events/${event.id}/undo`, { step, ...signed }, event.version);
  }

  onChanges(changes: readonly ChangeEvent[]): void {
    if (changes.some(({ layer }) => LAYERS.has(layer))) this.#again.soon();
  }

  /** Its part of the page comes when first opened; then the story of the event. */
  async #open(): Promise<void> {
    try {
      const { openEvents } = await import('./panel.ts');
      openEvents();
    } catch (error) {
      this.#app.complain('events', error, () => void this.#open());
    }
    await this.#read();
  }

  async #read(): Promise<void> {
    const { store } = this.#app;
    const { event: view, events, me, lang } = store.state;
    const event = view && eventOf(events.value, view);
    if (!view || !event || !me.value?.layers.includes('event_log')) {
      store.set({ eventStory: nothing });
      return;
    }
    const { kind } = view;
    const of = `${event.id} ${kind} ${lang}`;
    if (this.#upTo?.of !== of) {
      this.#upTo = { of, after: null, steps: [] };
      store.set({ eventStory: nothing });
    }
    store.set({ eventStory: loading(store.state.eventStory) });
    this.#reading += 1;
    const turn = this.#reading;
    try {
      const { steps, cut } = await this.#pages(event.id, kind, this.#upTo, turn);
      if (turn !== this.#reading) return;
      store.set({ eventStory: loaded({ event: event.id, kind, steps, cut }) });
    } catch (error) {
      if (turn !== this.#reading) return;
      store.set({ eventStory: failed(problemOf(error), store.state.eventStory) });
    }
  }

  /** Whole pages are kept; what came since is the page after them. */
  async #pages(
    event: number,
    kind: string | null,
    upTo: { after: string | null; steps: readonly EventStep[] },
    turn: number,
  ): Promise<{ steps: readonly EventStep[]; cut: boolean }> {
    const { api, store } = this.#app;
    for (;;) {
      const asked = new URLSearchParams({
        limit: String(PAGE),
        ...(kind ? { kind } : {}),
        ...(upTo.after ? { after: upTo.after } : {}),
      });
      const page = await api.http.json<Page>(`/events/${event}/log?${asked}`, {
        lang: store.state.lang,
      });
      const steps = joined(upTo.steps, page.steps);
      const full = steps.length >= PAGE * PAGES;
      if (page.next === null || full || turn !== this.#reading) {
        return { steps, cut: page.next !== null && full };
      }
      upTo.after = page.next;
      upTo.steps = steps;
    }
  }

  /** null when it is done, else why not, in words; the second of two is told who was first. */
  async #post(path: string, body: object, version?: string): Promise<string | null> {
    const { http } = this.#app.api;
    try {
      await http.json(path, {
        lang: this.#app.store.state.lang,
        method: 'POST',
        body: { ...body, ...this.#acting.by },
        headers: { ...once(), ...(version ? { 'If-Match': `"${version}"` } : {}) },
      });
      await this.load();
      return null;
    } catch (error) {
      const problem = problemOf(error);
      await this.load();
      return problem.status === 0
        ? this.#app.t('error.network')
        : (problem.detail ?? this.#app.t('error.unexpected', { status: problem.status }));
    }
  }

  #follow(now: AppState, before: AppState): void {
    if (now.lang !== before.lang) void this.load();
    else if (now.event !== before.event && now.event) void this.#open();
  }
}

/** The event that is open; null in quiet times. */
export function currentEvent({ events }: Pick<AppState, 'events'>): TownEvent | null {
  return events.value?.find(({ state }) => state === 'open') ?? null;
}

/** The event a view is of: by its number, or the open one. */
export function eventOf(
  events: readonly TownEvent[] | undefined,
  { id }: EventView,
): TownEvent | null {
  const wanted = (event: TownEvent) => (id === null ? event.state === 'open' : event.id === id);
  return events?.find(wanted) ?? null;
}
