import type { ChangeEvent } from '../api/types.ts';
import { type App, type DeskPort, identity } from '../app/app.ts';
import type { AppState } from '../app/state.ts';
import type { BoardRoom } from '../boards/room.ts';
import { EventDesk } from '../events/desk.ts';
import { GaugeDesk } from '../gauges/desk.ts';
import { IncidentDesk } from '../incidents/desk.ts';
import { BoardDesk } from '../kpi/boards.ts';
import { FocusDesk } from '../kpi/focus.ts';
import { TimeDesk } from '../time/desk.ts';
import { Acting } from './acting.ts';
import { draftOf } from './draft.ts';
import { RAISE } from './raise.ts';
import { Sound } from './sound.ts';
import { Twins } from './twins.ts';

/** The coordinator's desk: what comes after the first map. One desk for each job. */
export class Desk implements DeskPort {
  readonly acting: Acting;
  readonly time: TimeDesk;
  readonly gauges: GaugeDesk;
  readonly boards: BoardDesk;
  readonly focus: FocusDesk;
  readonly incidents: IncidentDesk;
  readonly events: EventDesk;
  /** The boards people work on; fetched when one is first opened. */
  room: BoardRoom | null = null;
  readonly twins: Twins;
  readonly sound = new Sound();
  readonly #app: App;
  readonly #hearing = new Set<(changes: readonly ChangeEvent[]) => void>();

  constructor(app: App) {
    this.#app = app;
    this.acting = new Acting(app);
    this.time = new TimeDesk(app);
    this.gauges = new GaugeDesk(app);
    this.boards = new BoardDesk(app);
    this.focus = new FocusDesk(app);
    this.incidents = new IncidentDesk(app, this.acting);
    this.events = new EventDesk(app, this.acting);
    this.twins = new Twins(app);
    app.store.subscribe((now, before) => this.#follow(now, before));
  }

  start(): void {
    void this.gauges.load();
    this.boards.load();
    void this.incidents.load();
    void this.events.load();
    void this.twins.load();
    this.time.start();
    this.focus.follow();
    if (this.#app.store.state.board) void this.openRoom();
    const draft = draftOf(identity(this.#app.store.state.me.value), RAISE);
    if (draft) this.#app.store.set({ raising: { at: draft.at } });
  }

  /** Fetches the boards' part of the page. */
  async openRoom(): Promise<void> {
    if (this.room) return;
    try {
      const { openRoom } = await import('../boards/open.ts');
      this.room ??= openRoom(this.#app, this);
    } catch (error) {
      this.#app.complain('boards', error, () => void this.openRoom());
    }
  }

  onChanges(changes: readonly ChangeEvent[]): void {
    this.gauges.onChanges(changes);
    this.boards.onChanges(changes);
    this.incidents.onChanges(changes);
    this.events.onChanges(changes);
    this.twins.onChanges(changes);
    for (const hear of this.#hearing) hear(changes);
    this.room?.onChanges(changes);
    // an exercise began or ended: what is real has changed for every screen
    if (changes.some(({ layer }) => layer === 'exercise')) void this.#exercise();
  }

  /** Calls `hear` at every change of the town; returns how to stop. */
  hear(hear: (changes: readonly ChangeEvent[]) => void): () => void {
    this.#hearing.add(hear);
    return () => this.#hearing.delete(hear);
  }

  refetch(): void {
    void this.gauges.load();
    this.boards.load();
    void this.incidents.load();
    void this.events.load();
    this.room?.load();
    void this.twins.load();
  }

  async #exercise(): Promise<void> {
    await this.#app.meetAgain();
    this.refetch();
  }

  #follow(now: AppState, before: AppState): void {
    if (now.lang !== before.lang) void this.gauges.load();
    if (now.board && !before.board) void this.openRoom();
  }
}
