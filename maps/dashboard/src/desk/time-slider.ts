import { html, nothing, svg } from 'lit';
import type { AppState } from '../app/state.ts';
import { dateTime, number } from '../format.ts';
import { gaugeOf } from '../gauges/desk.ts';
import { bankWords, levelAt, metres, toBank } from '../gauges/level.ts';
import {
  AHEAD_H,
  BACK_H,
  dataTicks,
  dayTicks,
  distance,
  momentOf,
  placeOf,
  spokenTime,
  stepOf,
  tenseOf,
} from '../time/clock.ts';
import { stageOf } from '../time/desk.ts';
import { nowOf } from '../time/now.ts';
import { icon } from '../ui/icons.ts';
import { DeskPart } from './part.ts';

/** Tiles of the past exist from this zoom on. */
const PAST_ZOOM = 14;
const TICK_MS = 30_000;
/** The track is drawn in these units and stretched. */
const WIDE = 1000;

/** The one visible clock: 48 hours back to ten days ahead, for map, figures, tables and charts. */
export class TimeSlider extends DeskPart {
  protected readonly watch = [
    'at',
    'playing',
    'me',
    'gauges',
    'gauge',
    'readings',
    'forecast',
    'stages',
    'view',
    'zones',
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
    const { at, playing, lang, me, readings, forecast } = this.state;
    if (!me.value) return nothing;
    const now = nowOf(me.value);
    const tense = tenseOf(at, now);
    const level = levelAt(at ?? now, now, readings.value ?? [], forecast.value);
    return html`<section class="time" data-tense=${tense} aria-label=${this.t('time.title')}>
      <div class="time-buttons">
        <button
          type="button"
          class="plain"
          aria-label=${this.t(playing ? 'time.pause' : 'time.play')}
          title=${this.t(playing ? 'time.pause' : 'time.play')}
          @click=${() => (playing ? this.desk.time.pause() : this.desk.time.play())}
        >
          ${icon(playing ? 'pause' : 'play')}
        </button>
        <button
          type="button"
          class="to-now"
          ?disabled=${at === null}
          @click=${() => {
            this.desk.time.pause();
            this.desk.time.show(null);
          }}
        >
          ${this.t('time.now')}
        </button>
      </div>
      <div class="time-track">
        ${this.#track(now)}
        <input
          type="range"
          min=${-BACK_H}
          max=${AHEAD_H}
          step="1"
          .value=${String(stepOf(at, now))}
          aria-label=${this.t('time.slider')}
          aria-valuetext=${spokenTime(at, now, level, lang)}
          @input=${(event: Event) => {
            this.desk.time.pause();
            this.desk.time.show(momentOf(Number((event.target as HTMLInputElement).value), now));
          }}
        />
      </div>
      <div class="time-words" role="status">
        <b>${at === null ? this.t('time.live') : dateTime(at, lang)}</b>
        <span>${at === null ? nothing : `${this.t(`time.${tense === 'past' ? 'past' : 'future'}`)} · ${distance(at, now, lang)}`}</span>
        ${this.#level(level, at ?? now, now)}
      </div>
      ${this.#note(tense)}
    </section>`;
  }

  #level(level: number | null, at: number, now: number) {
    const { lang } = this.state;
    const gauge = gaugeOf(this.state);
    if (!gauge) return nothing;
    if (level === null) {
      return html`<span>${this.t(at > now ? 'time.noForecast' : 'time.noReading')}</span>`;
    }
    const bank = toBank(gauge, level);
    const words = [
      `${metres(level)} ${this.t('unit.m')}`,
      ...(bank === null ? [] : [bankWords(bank, lang)]),
    ].join(' · ');
    return html`<span>${this.t('time.source', { gauge: gauge.code, words })}</span>`;
  }

  /** What the map cannot follow is said, never left to be noticed. */
  #note(tense: ReturnType<typeof tenseOf>) {
    const { view, forecast, at } = this.state;
    if (tense === 'past' && (view?.zoom ?? PAST_ZOOM) < PAST_ZOOM) {
      return html`<p class="time-note">${icon('info')} ${this.t('time.zoomIn')}</p>`;
    }
    if (tense !== 'future' || !forecast.value || at === null) return nothing;
    const stage = stageOf(this.state);
    return html`<p class="time-note">
      ${icon('info')}
      ${
        stage === null
          ? this.t('time.noLibrary')
          : this.t('time.zone', { n: number(stage, this.state.lang, 2) })
      }
    </p>`;
  }

  #track(now: number) {
    const { lang, readings, forecast } = this.state;
    const at = (place: number) => Math.round(place * WIDE * 10) / 10;
    const nowPlace = placeOf(now, now) ?? 0;
    const data = dataTicks(
      (readings.value ?? []).map((reading) => reading.at),
      now,
    );
    const last = forecast.value?.points.at(-1);
    const end = last ? (placeOf(last.at, now) ?? 1) : nowPlace;
    return html`<svg class="time-marks" viewBox="0 0 ${WIDE} 34" preserveAspectRatio="none" aria-hidden="true">
        <rect class="past" x="0" y="0" width=${at(nowPlace)} height="34" />
        <rect class="forecast" x=${at(nowPlace)} y="26" width=${at(Math.max(0, end - nowPlace))} height="6" />
        ${data.map((place) => svg`<rect class="datum" x=${at(place)} y="26" width="2.6" height="6" />`)}
        ${dayTicks(now, lang).map(
          ({ place }) => svg`<line class="day" x1=${at(place)} x2=${at(place)} y1="0" y2="34" />`,
        )}
        <line class="now" x1=${at(nowPlace)} x2=${at(nowPlace)} y1="0" y2="34" />
      </svg>
      <svg class="time-names" aria-hidden="true">
        ${dayTicks(now, lang)
          .filter(
            ({ place }) => (place < nowPlace - 0.1 || place > nowPlace + 0.005) && place < 0.97,
          )
          .map(({ place, label }) => svg`<text x="${place * 100}%" dx="3" y="11">${label}</text>`)}
        <text class="now" x="${nowPlace * 100}%" dx="-4" y="11" text-anchor="end">${this.t('time.now')}</text>
      </svg>`;
  }
}
