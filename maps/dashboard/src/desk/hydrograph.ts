import { html, nothing, type PropertyDeclarations } from 'lit';
import { createRef, type Ref, ref } from 'lit/directives/ref.js';
import type { AppState } from '../app/state.ts';
import { dateTime, number } from '../format.ts';
import type { Chart, Mark } from '../gauges/chart.ts';
import { gaugeOf } from '../gauges/desk.ts';
import {
  bankWords,
  floodWords,
  levelAt,
  metres,
  nearestFlood,
  toBank,
  yearWords,
} from '../gauges/level.ts';
import { Ring } from '../gauges/ring.ts';
import { columns, fill } from '../gauges/series.ts';
import type { Gauge } from '../gauges/types.ts';
import { sayMaybe } from '../i18n/index.ts';
import { AHEAD_H, BACK_H } from '../time/clock.ts';
import { nowOf } from '../time/now.ts';
import { icon } from '../ui/icons.ts';
import { options } from '../ui/options.ts';
import { DeskPart } from './part.ts';

const HOUR_MS = 3_600_000;
/** A reading every 10 minutes for 48 hours and a little more; older ones fall out. */
const RING = 400;
/** Without a forecast there is no future to leave room for. */
const ROOM_MS = 6 * HOUR_MS;

/** What a gauge has read and is expected to read, against banks and remembered floods. */
export class Hydrograph extends DeskPart {
  static override properties: PropertyDeclarations = {
    ...DeskPart.properties,
    asTable: { state: true },
    pointed: { state: true },
  };
  declare asTable: boolean;
  /** The point the keyboard reads. */
  declare pointed: number | null;
  protected readonly watch = [
    'gauges',
    'gauge',
    'readings',
    'forecast',
    'at',
    'me',
  ] as const satisfies (keyof AppState)[];
  readonly #ground: Ref<HTMLElement> = createRef();
  #chart: Chart | null = null;
  #making = false;
  #ring = new Ring(RING);
  #ringOf = '';

  constructor() {
    super();
    this.asTable = false;
    this.pointed = null;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#chart?.remove();
    this.#chart = null;
  }

  protected override stateChanged(now: AppState, before: AppState): void {
    if (now.gauge !== before.gauge) this.pointed = null;
    const gauge = gaugeOf(now)?.code ?? '';
    if (gauge !== this.#ringOf) {
      this.#ring = new Ring(RING);
      this.#ringOf = gauge;
    }
    if (now.readings.value && now.readings.value !== before.readings.value) {
      fill(this.#ring, now.readings.value);
    }
  }

  protected override updated(): void {
    void this.#draw();
  }

  /** The chart's own code comes with the first chart. */
  async #draw(): Promise<void> {
    const ground = this.#ground.value;
    if (this.#chart && this.#chart.element !== ground) {
      this.#chart.remove();
      this.#chart = null;
    }
    const gauge = gaugeOf(this.state);
    if (!ground || !gauge || this.#making) return;
    if (!this.#chart) {
      this.#making = true;
      try {
        const { Chart } = await import('../gauges/chart.ts');
        this.#chart = new Chart(ground);
      } finally {
        this.#making = false;
      }
      if (!ground.isConnected) return;
    }
    const { lang, at } = this.state;
    const { now, from, to } = this.#span();
    this.#chart.draw({
      columns: this.#columns(gauge),
      marks: this.#marks(gauge),
      now,
      at,
      from,
      to,
      lang,
    });
    this.#chart.point(this.pointed);
  }

  #span(): { now: number; from: number; to: number } {
    const now = nowOf(this.state.me.value);
    const last = this.state.forecast.value?.points.at(-1)?.at ?? 0;
    const to = Math.min(Math.max(last, now + ROOM_MS), now + AHEAD_H * HOUR_MS);
    return { now, from: now - BACK_H * HOUR_MS, to };
  }

  #columns(gauge: Gauge) {
    const { from, to } = this.#span();
    return columns(this.#ring, this.state.forecast.value, from, to, gauge.expectedS);
  }

  #marks(gauge: Gauge): Mark[] {
    const { lang } = this.state;
    const { bankLeft, bankRight } = gauge;
    const banks: Mark[] =
      bankLeft === bankRight && bankLeft !== null
        ? [{ level: bankLeft, label: this.t('gauge.bank'), kind: 'bank' }]
        : [
            ...(bankLeft === null
              ? []
              : [{ level: bankLeft, label: this.t('gauge.bankLeft'), kind: 'bank' as const }]),
            ...(bankRight === null
              ? []
              : [{ level: bankRight, label: this.t('gauge.bankRight'), kind: 'bank' as const }]),
          ];
    return [
      ...banks,
      ...gauge.thresholds.map(({ label, level }) => ({ label, level, kind: 'threshold' as const })),
      ...gauge.remembered.map(({ yearBe, peak }) => ({
        level: peak,
        label: this.t('gauge.flood', { year: yearWords(yearBe, lang) }),
        kind: 'flood' as const,
      })),
    ].map((mark) => ({ ...mark, label: `${mark.label} ${metres(mark.level)}` }));
  }

  protected override render() {
    const { gauges, readings } = this.state;
    const gauge = gaugeOf(this.state);
    this.toggleAttribute('data-open', Boolean(gauges.value?.length));
    if (!gauges.value?.length || !gauge) return nothing;
    const made = this.#columns(gauge);
    return html`<section class="hydrograph" aria-labelledby="hydrograph-title" aria-busy=${readings.loading}>
      <div class="part-head">
        <h2 id="hydrograph-title" tabindex="-1">${this.t('gauge.title')}</h2>
        ${gauges.value.length > 1 ? this.#choice(gauges.value, gauge) : html`<p>${gauge.name}</p>`}
        <button
          type="button"
          class="link"
          aria-pressed=${this.asTable}
          @click=${() => {
            this.asTable = !this.asTable;
          }}
        >
          ${this.t(this.asTable ? 'gauge.asChart' : 'gauge.asTable')}
        </button>
      </div>
      ${this.#words(gauge)}
      ${gauge.doubts.map(
        (doubt) => html`<p class="doubt">${icon('warn')} ${doubt[this.state.lang]}</p>`,
      )}
      ${
        made.at.length === 0
          ? html`<p class="empty">
              ${readings.loading ? this.t('gauge.loading') : (readings.problem?.detail ?? this.t('gauge.none'))}
            </p>`
          : this.asTable
            ? this.#table(gauge, made)
            : this.#picture(gauge, made)
      }
      ${this.#crossings()}
    </section>`;
  }

  #choice(all: readonly Gauge[], chosen: Gauge) {
    return html`<label class="gauge-choice">
      <span class="unseen">${this.t('gauge.choose')}</span>
      <select @change=${(event: Event) => this.desk.gauges.choose((event.target as HTMLSelectElement).value)}>
        ${options(
          all.map(
            ({ code, name }) => [code, name && name !== code ? `${code} ${name}` : code] as const,
          ),
          chosen.code,
        )}
      </select>
    </label>`;
  }

  /** The level in the words of the bank and of floods people remember. */
  #words(gauge: Gauge) {
    const { at, readings, forecast, lang, me } = this.state;
    const now = nowOf(me.value);
    const level = levelAt(at ?? now, now, readings.value ?? [], forecast.value);
    if (level === null) return nothing;
    const bank = toBank(gauge, level);
    const flood = nearestFlood(gauge, level);
    const quality = forecast.value?.quality;
    return html`<p class="level-words">
      <b>${metres(level)} ${this.t('unit.m MSL')}</b>
      ${bank === null ? nothing : html`<span>${bankWords(bank, lang)}</span>`}
      ${flood ? html`<span>${floodWords(flood, level, lang)}</span>` : nothing}
      ${
        quality && quality !== 'ok' && at === null
          ? html`<span class="doubt">${icon('warn')} ${this.t(`gauge.quality.${quality}`)}</span>`
          : nothing
      }
    </p>`;
  }

  #picture(gauge: Gauge, made: ReturnType<typeof columns>) {
    const label = this.t('gauge.chart', { name: gauge.name || gauge.code });
    return html`<div
        class="chart"
        tabindex="0"
        role="img"
        aria-label=${label}
        aria-describedby="chart-point"
        @keydown=${(event: KeyboardEvent) => this.#walk(event, made.at.length)}
        ${ref(this.#ground)}
      ></div>
      <p class="chart-key" aria-hidden="true">
        <span class="key-observed">${this.t('gauge.observed')}</span>
        <span class="key-likely">${this.t('gauge.likely')}</span>
        <span class="key-band">${this.t('gauge.band')}</span>
        <span class="key-suspect">${this.t('gauge.suspect')}</span>
      </p>
      <p id="chart-point" class="chart-point" role="status">
        ${this.pointed === null ? nothing : this.#point(made, this.pointed)}
      </p>`;
  }

  #walk(event: KeyboardEvent, length: number): void {
    const step = { ArrowRight: 1, ArrowLeft: -1, PageDown: 12, PageUp: -12 }[event.key];
    const last = length - 1;
    let next: number | null;
    if (step) next = Math.min(last, Math.max(0, (this.pointed ?? last) + step));
    else if (event.key === 'Home') next = 0;
    else if (event.key === 'End') next = last;
    else if (event.key === 'Escape') next = null;
    else return;
    event.preventDefault();
    this.pointed = next;
  }

  #point(made: ReturnType<typeof columns>, index: number) {
    const { lang } = this.state;
    const { observed, suspect, likely, at } = made;
    const level = observed[index] ?? suspect[index] ?? likely[index] ?? null;
    const kind =
      observed[index] != null ? 'observed' : suspect[index] != null ? 'suspect' : 'likely';
    if (level === null) return nothing;
    return html`${this.t('gauge.at', { time: dateTime((at[index] ?? 0) * 1000, lang), level: metres(level) })}
      (${this.t(`gauge.${kind}`)})`;
  }

  #table(gauge: Gauge, made: ReturnType<typeof columns>) {
    const { lang } = this.state;
    const rows = made.at
      .map((seconds, index) => ({
        at: seconds * 1000,
        level: made.observed[index] ?? made.suspect[index] ?? made.likely[index] ?? null,
        low: made.low[index] ?? null,
        high: made.high[index] ?? null,
        kind:
          made.observed[index] != null
            ? 'observed'
            : made.suspect[index] != null
              ? 'suspect'
              : 'likely',
      }))
      .filter(({ level }) => level !== null)
      .reverse();
    return html`<div class="scroll chart-table" tabindex="0" role="group" aria-label=${gauge.name}>
      <table class="numbers">
        <caption class="unseen">${gauge.name}</caption>
        <thead>
          <tr>
            <th scope="col">${this.t('gauge.time')}</th>
            <th scope="col" class="num">${this.t('gauge.level')}</th>
            <th scope="col">${this.t('gauge.mark')}</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ({ at, level, low, high, kind }) => html`<tr data-kind=${kind}>
              <th scope="row">${dateTime(at, lang)}</th>
              <td class="num">${metres(level ?? 0)}</td>
              <td>
                ${sayMaybe(lang, `gauge.${kind}`, kind)}${
                  low !== null && high !== null ? ` ${metres(low)}–${metres(high)}` : nothing
                }
              </td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }

  #crossings() {
    const { forecast, lang } = this.state;
    const { value, problem } = forecast;
    if (!value) {
      if (!problem) return nothing;
      return html`<p class="empty">
        ${problem.detail ? this.t('gauge.noForecast', { why: problem.detail }) : this.t('gauge.noForecastHere')}
      </p>`;
    }
    const time = (at: number | null) => (at === null ? '–' : dateTime(at, lang));
    return html`
      <h3>${this.t('gauge.crossings')}</h3>
      ${
        value.crossings.length === 0
          ? html`<p class="empty">${this.t(value.points.length ? 'gauge.noCrossing' : 'gauge.noForecastHere')}</p>`
          : html`<div class="scroll" tabindex="0" role="group" aria-label=${this.t('gauge.crossings')}>
              <table class="numbers crossings">
                <thead>
                  <tr>
                    <th scope="col">${this.t('gauge.threshold')}</th>
                    <th scope="col">${this.t('gauge.earliest')}</th>
                    <th scope="col">${this.t('gauge.likelyDay')}</th>
                    <th scope="col">${this.t('gauge.latest')}</th>
                    <th scope="col" class="num">${this.t('gauge.probability')}</th>
                  </tr>
                </thead>
                <tbody>
                  ${value.crossings.map(
                    ({ threshold, level, earliest, likely, latest, probability }) => html`<tr>
                      <th scope="row">${this.#threshold(threshold)} ${metres(level)}</th>
                      <td>${time(earliest)}</td>
                      <td>${time(likely)}</td>
                      <td>${time(latest)}</td>
                      <td class="num">${number(probability * 100, lang)} %</td>
                    </tr>`,
                  )}
                </tbody>
              </table>
            </div>`
      }
      ${
        value.caveats.length
          ? html`<ul class="caveats">${value.caveats.map((each) => html`<li>${each}</li>`)}</ul>`
          : nothing
      }
    `;
  }

  #threshold(name: string): string {
    if (name === 'bank_left') return this.t('gauge.bankLeft');
    if (name === 'bank_right') return this.t('gauge.bankRight');
    const known = gaugeOf(this.state)?.thresholds.find(({ kind }) => kind === name);
    return known?.label ?? name;
  }
}
