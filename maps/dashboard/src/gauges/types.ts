import type { Text } from '../i18n/index.ts';

/** A gauge as the page needs it, whatever the server's own names are. Levels are metres MSL. */
export interface Gauge {
  readonly code: string;
  readonly name: string;
  readonly river: string | null;
  readonly kind: 'river' | 'tide' | 'rain';
  readonly bankLeft: number | null;
  readonly bankRight: number | null;
  readonly expectedS: number | null;
  readonly thresholds: readonly Threshold[];
  readonly remembered: readonly Remembered[];
  /** What contradicts itself in the station's record, in words. */
  readonly doubts: readonly Text[];
}

export interface Threshold {
  readonly kind: string;
  readonly label: string;
  readonly level: number;
}

/** A flood people remember, by its Buddhist year, and how high it stood. */
export interface Remembered {
  readonly yearBe: number;
  readonly peak: number;
}

/** What a reading was found guilty of (`flood/gauges.py`), as bits. */
export const FLAGS = ['late', 'duplicate', 'future', 'stuck', 'spike', 'gap', 'range'] as const;
export type FlagName = (typeof FLAGS)[number];

export interface Reading {
  /** Milliseconds. */
  readonly at: number;
  readonly level: number | null;
  readonly flags: readonly FlagName[];
}

export interface ForecastPoint {
  readonly at: number;
  readonly level: number;
  readonly low: number;
  readonly high: number;
}

export interface Crossing {
  readonly threshold: string;
  readonly level: number;
  readonly earliest: number | null;
  readonly likely: number | null;
  readonly latest: number | null;
  readonly probability: number;
}

export interface Forecast {
  readonly id: string;
  readonly quality: 'ok' | 'late' | 'suspect' | 'none';
  readonly ageS: number | null;
  readonly points: readonly ForecastPoint[];
  readonly crossings: readonly Crossing[];
  readonly caveats: readonly string[];
  readonly exercise: boolean;
}

/** Stages (m MSL) that flood maps were made for, lowest first. */
export interface Stages {
  readonly levels: readonly number[];
  /** Drawn from the library's own tiles; otherwise each is a flood among the zones. */
  readonly ofLibrary: boolean;
}

export const NO_STAGES: Stages = { levels: [], ofLibrary: false };
