import type { App } from '../app/app.ts';
import type { AppState, Water } from '../app/state.ts';
import { gaugeOf } from '../gauges/desk.ts';
import { forecastAt } from '../gauges/level.ts';
import { STAGE_LAYER } from '../map/stages.ts';
import { momentOf, nextStep, stepOf, tenseOf } from './clock.ts';
import { nowOf } from './now.ts';

/** A step of the play button: slow enough that the map can follow. */
const PLAY_MS = 900;
/** A dragged slider asks the server once it rests. */
const REST_MS = 250;
/** A forecast is shown on the flood map made for the nearest stage, if one is that near. */
const NEAR_M = 0.3;

/** The page's clock: one moment for map, figures, tables and charts. */
export class TimeDesk {
  readonly #app: App;
  #playing: ReturnType<typeof setInterval> | null = null;
  #resting: ReturnType<typeof setTimeout> | null = null;
  /** What was chosen before the forecast's stages took its place. */
  #chosen: Water | null = null;
  #staged = false;

  constructor(app: App) {
    this.#app = app;
    app.store.subscribe((now, before) => this.#follow(now, before));
  }

  /** Shows a moment; null is now. */
  show(at: number | null): void {
    this.#app.store.set({ at });
  }

  /** Takes over the moment a link names. */
  start(): void {
    this.#moved(this.#app.store.state);
    this.#stage(this.#app.store.state);
  }

  play(): void {
    this.#app.store.set({ playing: true });
    this.#playing ??= setInterval(() => {
      const now = this.#now();
      const next = nextStep(stepOf(this.#app.store.state.at, now));
      // the past is played to now, and from now to the end
      if (next === null || next === 0) this.pause();
      if (next !== null) this.show(momentOf(next, now));
    }, PLAY_MS);
  }

  pause(): void {
    if (this.#playing) clearInterval(this.#playing);
    this.#playing = null;
    this.#app.store.set({ playing: false });
  }

  #follow(now: AppState, before: AppState): void {
    if (now.leaving) this.pause();
    const moved = now.at !== before.at;
    if (moved || now.forecast.value !== before.forecast.value || now.stages !== before.stages) {
      this.#stage(now);
    }
    if (moved) this.#moved(now);
  }

  #now(): number {
    return nowOf(this.#app.store.state.me.value);
  }

  #moved({ at }: AppState): void {
    const asOf = tenseOf(at, this.#now()) === 'past' ? at : null;
    const text = asOf === null ? null : new Date(asOf).toISOString();
    if (this.#app.api.asOf === text) return;
    if (this.#resting) clearTimeout(this.#resting);
    this.#resting = setTimeout(() => {
      this.#app.api.asOf = text;
      this.#app.refetch();
    }, REST_MS);
  }

  /** In the future the water asked about is the flood map of the stage that is forecast then. */
  #stage(state: AppState): void {
    const { store, flood } = this.#app;
    const stage = tenseOf(state.at, nowOf(state.me.value)) === 'future' ? stageOf(state) : null;
    if (stage === null) {
      if (this.#staged) flood.choose(this.#chosen);
      this.#staged = false;
      return;
    }
    const gauge = gaugeOf(state)?.code ?? '';
    if (!this.#staged) this.#chosen = state.water;
    this.#staged = true;
    const { water, on, stages } = state;
    const wanted: Water = stages.ofLibrary
      ? { kind: 'stage', gauge, stage }
      : { kind: 'flood', key: `stage:${gauge}:${stage}` };
    if (JSON.stringify(water) === JSON.stringify(wanted)) return;
    if (stages.ofLibrary && !on.has(STAGE_LAYER)) {
      store.set({ on: new Set([...on, STAGE_LAYER]) });
    }
    flood.choose(wanted);
  }
}

/** The stage of the library nearest to what is forecast for the moment; null when none is near. */
export function stageOf({
  at,
  forecast,
  stages,
}: Pick<AppState, 'at' | 'forecast' | 'stages'>): number | null {
  const level = at === null ? null : forecastAt(at, forecast.value);
  if (level === null) return null;
  const near = stages.levels.reduce<number | null>(
    (best, stage) =>
      best !== null && Math.abs(best - level) <= Math.abs(stage - level) ? best : stage,
    null,
  );
  return near !== null && Math.abs(near - level) <= NEAR_M ? near : null;
}
