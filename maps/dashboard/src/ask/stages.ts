/** The water to come, as the forecast has it: what the roads will be like. Pure. */
import type { FloodRequest } from '../api/types.ts';
import type { AppState } from '../app/state.ts';
import { question as waterOf } from '../flood/desk.ts';
import { gaugeOf } from '../gauges/desk.ts';
import { stageOf } from '../time/desk.ts';
import { nowOf } from '../time/now.ts';

/** Hours from now whose water is asked about. */
const HOURS = [3, 6, 12, 18, 24, 36, 48, 72] as const;
const HOUR_MS = 3600_000;

type Known = Pick<AppState, 'forecast' | 'stages' | 'gauge' | 'gauges' | 'zones' | 'me'>;

/** Stages of the flood library that the forecast passes through, the first hour of each. */
export function stagesAhead(
  state: Known,
): { readonly hours: number; readonly flood: FloodRequest }[] {
  const now = nowOf(state.me.value);
  let last: number | null = null;
  return HOURS.flatMap((hours) => {
    const stage = stageOf({ ...state, at: now + hours * HOUR_MS });
    if (stage === null || stage === last) return [];
    last = stage;
    const gauge = gaugeOf(state)?.code ?? '';
    const flood = waterOf(
      state.stages.ofLibrary
        ? { kind: 'stage', gauge, stage }
        : { kind: 'flood', key: `stage:${gauge}:${stage}` },
      state.zones.value,
    );
    return flood ? [{ hours, flood }] : [];
  });
}
