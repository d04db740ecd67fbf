import { html, nothing } from 'lit';
import type { AppState } from '../app/state.ts';
import { scenarioLabel, scenarios, zonesOf } from '../flood/zones.ts';
import { number } from '../format.ts';
import { gaugeOf } from '../gauges/desk.ts';
import { levelAt, sound, trend } from '../gauges/level.ts';
import { summed } from '../incidents/order.ts';
import { board } from '../kpi/boards.ts';
import { ageWords, type Facts, type Kpi, kpis } from '../kpi/rules.ts';
import { nowOf } from '../time/now.ts';
import { icon } from '../ui/icons.ts';
import { DeskPart } from './part.ts';

/** Ages are told anew this often. */
const TICK_MS = 5_000;
const SIGNS = { calm: '', watch: '▲', alarm: '■', unknown: '' } as const;
const ARROWS = { '-1': '▼', '0': '▬', '1': '▲' } as const;

/** At most six figures: value, trend, what it is measured against, and its age. */
export class Kpis extends DeskPart {
  protected readonly watch = [
    'me',
    'gauges',
    'gauge',
    'readings',
    'forecast',
    'impact',
    'water',
    'zones',
    'boards',
    'incidents',
    'at',
    'kpi',
  ] as const satisfies (keyof AppState)[];
  #ticking: ReturnType<typeof setInterval> | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#ticking = setInterval(() => this.requestUpdate(), TICK_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.#ticking) clearInterval(this.#ticking);
  }

  protected override render() {
    const all = kpis(this.#facts());
    const { zones, gauges, impact } = this.state;
    // its place is kept until it is known that there is nothing to say
    const none = all.length === 0 && zones.value && gauges.value && !impact.loading;
    this.toggleAttribute('data-none', Boolean(none));
    if (all.length === 0) return nothing;
    return html`<section class="kpis" aria-label=${this.t('kpis.title')}>
      <ul data-n=${all.length}>
        ${all.map((kpi) => html`<li>${this.#card(kpi)}</li>`)}
      </ul>
    </section>`;
  }

  #facts(): Facts {
    const { lang, at, me, readings, forecast, impact, impactBefore, incidents } = this.state;
    const now = nowOf(me.value);
    const moment = at ?? now;
    const gauge = gaugeOf(this.state);
    const known = readings.value ?? [];
    const last = sound(known)
      .filter((reading) => reading.at <= Math.min(moment, now))
      .at(-1);
    return {
      lang,
      at: moment,
      wall: Date.now(),
      gauge,
      level: gauge && levelAt(moment, now, known, forecast.value),
      levelAt: moment > now ? null : (last?.at ?? null),
      rise: moment > now ? null : trend(known, moment),
      forecast: forecast.value,
      impact: impact.value,
      impactBefore,
      floodName: this.#floodName(),
      shelters: board(this.state, 'shelters'),
      closures: board(this.state, 'closures'),
      incidents:
        this.desk.incidents.seen && incidents.value ? summed(incidents.value, Date.now()) : null,
    };
  }

  #floodName(): string {
    const { water, zones, lang } = this.state;
    if (water?.kind === 'all') return this.t('flood.all');
    if (water?.kind === 'drawn') return this.t('flood.drawn');
    if (water?.kind === 'stage') {
      return this.t('flood.stageAt', { gauge: water.gauge, n: number(water.stage, lang, 2) });
    }
    const [flood] = scenarios(zonesOf(water, zones.value) ?? []);
    return flood ? scenarioLabel(flood, lang) : '';
  }

  #card(kpi: Kpi) {
    const { lang } = this.state;
    const chosen = this.state.kpi === kpi.key;
    const age = ageWords(kpi.ageS, lang);
    return html`<button
      type="button"
      class="kpi"
      data-kpi-card=${kpi.key}
      data-state=${kpi.state}
      aria-pressed=${kpi.counts ? String(chosen) : nothing}
      title=${this.t(chosen ? 'kpis.clear' : 'kpis.open', { label: kpi.label })}
      @click=${() => this.#open(kpi, chosen)}
    >
      <span class="kpi-label"
        >${kpi.label}
        ${
          kpi.state === 'watch' || kpi.state === 'alarm'
            ? html`<span class="kpi-state"><i aria-hidden="true">${SIGNS[kpi.state]}</i> ${this.t(`kpis.${kpi.state}`)}</span>`
            : nothing
        }</span
      >
      <span class="kpi-value"
        ><data value=${kpi.count ?? ''}>${kpi.value}</data> <small>${kpi.unit}</small> ${this.#trend(kpi)}</span
      >
      <span class="kpi-foot"
        ><span>${kpi.threshold}</span> ${age ? html`<span class="kpi-age">${age}</span>` : nothing}</span
      >
      ${chosen ? html`<span class="kpi-only">${icon('check')}</span>` : nothing}
    </button>`;
  }

  #trend({ trend: told }: Kpi) {
    return told
      ? html`<span class="kpi-trend"
          ><i aria-hidden="true">${ARROWS[`${told.direction}`]}</i> ${told.words}</span
        >`
      : nothing;
  }

  #open({ key, counts }: Kpi, chosen: boolean): void {
    if (counts) {
      if (chosen) this.desk.focus.clear();
      else void this.desk.focus.show(key);
      return;
    }
    const part = key === 'people' ? '#flood-title' : '#hydrograph-title';
    this.app.store.set({ section: key === 'people' ? 'flood' : 'watch' });
    requestAnimationFrame(() => {
      const heading = document.querySelector<HTMLElement>(part);
      heading?.scrollIntoView({ block: 'start' });
      heading?.focus({ preventScroll: true });
    });
  }
}
