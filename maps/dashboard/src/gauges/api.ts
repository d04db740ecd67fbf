/** Gauges, their readings and forecasts as the server tells them, in the page's own shapes. */
import type { Http } from '../api/http.ts';
import type { Feature, FeaturePage } from '../api/types.ts';
import { type Lang, sayMaybe } from '../i18n/index.ts';
import { FLAGS, type FlagName, type Forecast, type Gauge, type Reading } from './types.ts';

const MOST = 500;

/** `POST /queries/arrival`, as INTERFACE.md has it. */
export interface ArrivalAnswer {
  readonly id: string;
  readonly gauge: string;
  readonly now: { readonly age_s: number | null; readonly quality: Forecast['quality'] };
  readonly forecast: readonly {
    readonly at: string;
    readonly level_m: number;
    readonly band_80: readonly [number, number];
  }[];
  readonly crossings: readonly {
    readonly threshold: string;
    readonly level_m: number;
    readonly earliest: string | null;
    readonly likely: string | null;
    readonly latest: string | null;
    readonly probability: number;
  }[];
  readonly caveats: readonly string[];
  readonly exercise: boolean;
}

/** One reading as `GET /gauges/{code}/readings` tells it. */
export interface ReadingTold {
  readonly at: string;
  readonly level_m: number | null;
  readonly flags?: readonly string[];
}

export class GaugeApi {
  constructor(readonly http: Http) {}

  /** Every gauge with its banks, thresholds and remembered floods. */
  async gauges(lang: Lang): Promise<Gauge[]> {
    const [gauges, thresholds, floods] = await Promise.all([
      this.#rows('gauges', lang),
      this.#rows('gauge_thresholds', lang).catch(() => []),
      this.#rows('remembered_floods', lang).catch(() => []),
    ]);
    return gauges.map((feature) => gaugeOf(feature, thresholds, floods, lang));
  }

  async readings(
    code: string,
    since: number,
    lang: Lang,
    signal?: AbortSignal,
  ): Promise<Reading[]> {
    const asked = new URLSearchParams({ lang, start: new Date(since).toISOString() });
    const answer = await this.http.json<{ readings: readonly ReadingTold[] }>(
      `/gauges/${encodeURIComponent(code)}/readings?${asked}`,
      { lang, signal },
    );
    return readingsOf(answer.readings);
  }

  async arrival(gauge: string, lang: Lang, signal?: AbortSignal): Promise<Forecast> {
    const answer = await this.http.json<ArrivalAnswer>('/queries/arrival', {
      lang,
      method: 'POST',
      body: { gauge, horizon_h: 240 },
      signal,
    });
    return forecastOf(answer);
  }

  /** Stages of the gauge that flood maps were made for (m MSL), lowest first. */
  async stages(gauge: string, lang: Lang, signal?: AbortSignal): Promise<number[]> {
    const answer = await this.http.json<{ stages: readonly { stage_m: number }[] }>(
      `/floods/${encodeURIComponent(gauge)}/stages?lang=${lang}`,
      { lang, signal },
    );
    return answer.stages.map(({ stage_m }) => stage_m).sort((a, b) => a - b);
  }

  async #rows(layer: string, lang: Lang): Promise<readonly Feature[]> {
    const page = await this.http.json<FeaturePage>(
      `/ogc/collections/${layer}/items?lang=${lang}&limit=${MOST}`,
      { lang },
    );
    return page.features;
  }
}

/** A gauge from its record, and the thresholds and floods that name it. */
export function gaugeOf(
  { properties }: Feature,
  thresholds: readonly Feature[],
  floods: readonly Feature[],
  lang: Lang,
): Gauge {
  const code = String(properties['code']);
  const own = (all: readonly Feature[]) =>
    all.map((each) => each.properties).filter((each) => each['gauge'] === code);
  return {
    code,
    name: text(properties['name']) ?? code,
    river: text(properties['river']),
    kind: kindOf(properties['kind']),
    bankLeft: bank(properties['bank_left_m']),
    bankRight: bank(properties['bank_right_m']),
    ground: figure(properties['ground_m']),
    expectedS: figure(properties['expected_interval_s']),
    thresholds: own(thresholds).flatMap((each) => {
      const level = figure(each['level_m']);
      const kind = text(each['kind']) ?? text(each['name']) ?? '';
      if (level === null) return [];
      return [
        { kind, label: text(each['name']) ?? sayMaybe(lang, `threshold.${kind}`, kind), level },
      ];
    }),
    remembered: own(floods).flatMap((each) => {
      const peak = figure(each['peak_m']);
      const yearBe = figure(each['year_be']);
      return peak === null || yearBe === null ? [] : [{ yearBe, peak }];
    }),
  };
}

export function readingsOf(told: readonly ReadingTold[]): Reading[] {
  return told
    .map(({ at, level_m, flags }) => ({
      at: Date.parse(at),
      level: level_m,
      flags: (flags ?? [])
        .map((flag) => flag.toLowerCase())
        .filter((flag): flag is FlagName => (FLAGS as readonly string[]).includes(flag)),
    }))
    .sort((a, b) => a.at - b.at);
}

export function forecastOf(answer: ArrivalAnswer): Forecast {
  const moment = (at: string | null) => (at === null ? null : Date.parse(at));
  return {
    id: answer.id,
    quality: answer.now.quality,
    ageS: answer.now.age_s,
    points: answer.forecast.map(({ at, level_m, band_80: [low, high] }) => ({
      at: Date.parse(at),
      level: level_m,
      low,
      high,
    })),
    crossings: answer.crossings.map((crossing) => ({
      threshold: crossing.threshold,
      level: crossing.level_m,
      earliest: moment(crossing.earliest),
      likely: moment(crossing.likely),
      latest: moment(crossing.latest),
      probability: crossing.probability,
    })),
    caveats: answer.caveats,
    exercise: answer.exercise,
  };
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function figure(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

function kindOf(value: unknown): Gauge['kind'] {
  return value === 'tide' || value === 'rain' ? value : 'river';
}

/** A bank of 0 is how agencies write that they do not know it. */
function bank(value: unknown): number | null {
  return figure(value) || null;
}
