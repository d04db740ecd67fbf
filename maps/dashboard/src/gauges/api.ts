/** Gauges, their readings and forecasts as the server tells them, in the page's own shapes. */
import type { Http } from '../api/http.ts';
import type { Lang, Text } from '../i18n/index.ts';
import {
  FLAGS,
  type FlagName,
  type Forecast,
  type Gauge,
  type Reading,
  type Stages,
} from './types.ts';

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
  readonly level_m?: number | null;
  readonly flags?: readonly string[];
  /** Marked wrong by the desk. */
  readonly wrong?: boolean;
}

/** A station as `GET /gauges` tells it; banks nobody knows are null. */
export interface GaugeTold {
  readonly code: string;
  readonly name?: string | null;
  readonly river?: string | null;
  readonly kind: string;
  readonly bank_left_m?: number | null;
  readonly bank_right_m?: number | null;
  readonly expected_interval_s?: number | null;
  readonly thresholds?: readonly {
    readonly name: string;
    readonly kind: string;
    readonly level_m: number | null;
  }[];
  readonly remembered?: readonly { readonly year_be: number; readonly peak_m: number }[];
  readonly doubts?: readonly Text[];
}

export class GaugeApi {
  constructor(readonly http: Http) {}

  /** Every gauge of water with its banks, thresholds and remembered floods. */
  async gauges(lang: Lang): Promise<Gauge[]> {
    const answer = await this.http.json<{ gauges: readonly GaugeTold[] }>(`/gauges?lang=${lang}`, {
      lang,
    });
    // rain has no level to be held against a bank
    return answer.gauges.map(gaugeOf).filter(({ kind }) => kind !== 'rain');
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

  /** Stages of the gauge that flood maps were made for, lowest first. */
  async stages(gauge: string, lang: Lang, signal?: AbortSignal): Promise<Stages> {
    const answer = await this.http.json<{
      stages: readonly { stage_m: number }[];
      tiles: string | null;
    }>(`/floods/${encodeURIComponent(gauge)}/stages?lang=${lang}`, { lang, signal });
    const levels = answer.stages.map(({ stage_m }) => stage_m).sort((a, b) => a - b);
    return { levels, ofLibrary: answer.tiles !== null };
  }
}

export function gaugeOf(told: GaugeTold): Gauge {
  return {
    code: told.code,
    name: told.name || told.code,
    river: told.river ?? null,
    kind: told.kind === 'tide' || told.kind === 'rain' ? told.kind : 'river',
    bankLeft: told.bank_left_m ?? null,
    bankRight: told.bank_right_m ?? null,
    expectedS: told.expected_interval_s ?? null,
    thresholds: (told.thresholds ?? []).flatMap(({ name, kind, level_m }) =>
      level_m === null ? [] : [{ kind, label: name, level: level_m }],
    ),
    remembered: (told.remembered ?? []).map(({ year_be, peak_m }) => ({
      yearBe: year_be,
      peak: peak_m,
    })),
    doubts: told.doubts ?? [],
  };
}

export function readingsOf(told: readonly ReadingTold[]): Reading[] {
  return told
    .filter(({ wrong }) => !wrong)
    .map(({ at, level_m, flags }) => ({
      at: Date.parse(at),
      level: level_m ?? null,
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
