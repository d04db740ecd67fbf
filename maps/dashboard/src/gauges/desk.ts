import { problemOf } from '../api/problem.ts';
import type { ChangeEvent } from '../api/types.ts';
import type { App } from '../app/app.ts';
import { failed, loaded, loading, nothing } from '../app/loadable.ts';
import type { AppState } from '../app/state.ts';
import { Again } from '../live/again.ts';
import { STAGE_LAYER } from '../map/stages.ts';
import { BACK_H } from '../time/clock.ts';
import { nowOf } from '../time/now.ts';
import { GaugeApi } from './api.ts';
import { type Gauge, NO_STAGES, type Stages } from './types.ts';

/** Between two readings of one thing; chart and forecast are large. */
const REST_MS = 1_000;
const HOUR_MS = 3_600_000;
/** Layers whose change is a change of what is known about gauges. */
const KNOWN = new Set(['gauges', 'gauge_thresholds', 'gauge_zeros', 'remembered_floods']);
const READINGS = new Set(['gauge_readings', 'tide_readings', 'forecasts']);

/** The town's gauges; readings and forecast of the chosen one. */
export class GaugeDesk {
  readonly #app: App;
  readonly #api: GaugeApi;
  #asking: AbortController | null = null;
  readonly #gauges = new Again(() => this.load(), REST_MS);
  readonly #readings = new Again(() => this.refresh(), REST_MS);

  constructor(app: App) {
    this.#app = app;
    this.#api = new GaugeApi(app.api.http);
    app.store.subscribe((now, before) => this.#follow(now, before));
  }

  /** Fetches the gauges this caller may see, and what the chosen one reads. */
  async load(): Promise<void> {
    const { store } = this.#app;
    const { me, lang, gauges } = store.state;
    if (!me.value?.layers.includes('gauges')) return store.set({ gauges: loaded([]) });
    store.set({ gauges: loading(gauges) });
    try {
      const found = await this.#api.gauges(lang);
      store.set({ gauges: loaded(found) });
    } catch (error) {
      store.set({ gauges: failed(problemOf(error), gauges) });
    }
    // of gauges known before, readings and forecast are read all the same
    await this.refresh();
  }

  /** Shows another gauge everywhere. */
  choose(code: string): void {
    if (code === gaugeOf(this.#app.store.state)?.code) return;
    this.#app.store.set({ gauge: code, readings: nothing, forecast: nothing, stages: NO_STAGES });
  }

  /** Reads the chosen gauge's last hours again, and what is expected of it. */
  async refresh(): Promise<void> {
    const { store } = this.#app;
    const { lang, readings, forecast, me } = store.state;
    const gauge = gaugeOf(store.state)?.code;
    if (!gauge) return;
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    const until = nowOf(me.value);
    store.set({ readings: loading(readings), forecast: loading(forecast) });
    const since = until - (BACK_H + 1) * HOUR_MS;
    await Promise.all([
      this.#api
        .readings(gauge, since, lang, asking.signal)
        .then((found) => !asking.signal.aborted && store.set({ readings: loaded(found) }))
        .catch((error: unknown) => {
          if (asking.signal.aborted) return;
          store.set({ readings: failed(problemOf(error), readings) });
        }),
      this.#api
        .arrival(gauge, lang, asking.signal)
        .then((told) => !asking.signal.aborted && store.set({ forecast: loaded(told) }))
        .catch((error: unknown) => {
          if (asking.signal.aborted) return;
          store.set({ forecast: failed(problemOf(error), forecast) });
        }),
      this.#askStages(gauge, asking.signal),
    ]);
  }

  onChanges(changes: readonly ChangeEvent[]): void {
    if (changes.some(({ layer }) => KNOWN.has(layer))) this.#gauges.soon();
    else if (changes.some(({ layer }) => READINGS.has(layer))) this.#readings.soon();
  }

  /** A gauge without a library of flood maps has no stages to show. */
  async #askStages(gauge: string, signal: AbortSignal): Promise<void> {
    const { me, lang } = this.#app.store.state;
    if (!me.value?.layers.includes(STAGE_LAYER)) return this.#stages(NO_STAGES);
    try {
      const stages = await this.#api.stages(gauge, lang, signal);
      if (!signal.aborted) this.#stages(stages);
    } catch (error) {
      if (signal.aborted) return;
      const { status } = problemOf(error);
      if (status === 404) this.#stages(NO_STAGES);
      // what was known stays; a line that is down is told for the whole page
      else if (status) this.#app.complain('stages', error, () => void this.refresh());
    }
  }

  #stages(stages: Stages): void {
    const known = JSON.stringify(this.#app.store.state.stages);
    if (JSON.stringify(stages) !== known) this.#app.store.set({ stages });
  }

  #follow(now: AppState, before: AppState): void {
    if (now.gauge !== before.gauge && now.gauges.value) void this.refresh();
  }
}

/** The gauge a town looks at first: a river's before the sea's, one with a bank before others. */
function first(gauges: readonly Gauge[]): Gauge | undefined {
  const rank = ({ kind, bankLeft, bankRight }: Gauge) =>
    (kind === 'river' ? 0 : kind === 'tide' ? 2 : 4) +
    (bankLeft === null && bankRight === null ? 1 : 0);
  return [...gauges].sort((a, b) => rank(a) - rank(b))[0];
}

/** The chosen gauge, or the one a town looks at first. */
export function gaugeOf({ gauges, gauge }: Pick<AppState, 'gauges' | 'gauge'>): Gauge | null {
  const known = gauges.value ?? [];
  return known.find(({ code }) => code === gauge) ?? first(known) ?? null;
}
