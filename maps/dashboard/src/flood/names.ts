/** What people call the water that is asked about. */
import type { App } from '../app/app.ts';
import type { Water } from '../app/state.ts';
import { number } from '../format.ts';
import { scenarioLabel, scenarios, zonesOf } from './zones.ts';

export function waterName(app: App, water: Water | null): string {
  const { zones, lang } = app.store.state;
  if (water?.kind === 'all') return app.t('flood.all');
  if (water?.kind === 'drawn') return app.t('flood.drawn');
  if (water?.kind === 'stage') {
    return app.t('flood.stageAt', { gauge: water.gauge, n: number(water.stage, lang, 2) });
  }
  const chosen = zonesOf(water, zones.value) ?? [];
  const [flood] = scenarios(chosen);
  if (!flood) return '';
  const single = water?.kind === 'zones' ? flood.zones[0]?.name : undefined;
  const label = single ?? scenarioLabel(flood, lang);
  // a zone with a name of its own needs no heading before it
  if (single || flood.kind === 'regulatory' || flood.kind === 'other') return label;
  const gauge = flood.kind === 'stage' ? flood.zones[0]?.gauge : null;
  return [app.t(`flood.kind.${flood.kind}`), gauge, label].filter(Boolean).join(' ');
}

const STAGE = /^library:(.+)\/(-?[\d.]+)$/;

/** The water a comparison names: a flood by its key, or a stage of the library. */
export function waterOfKey(key: string): Water {
  const [, gauge, stage] = STAGE.exec(key) ?? [];
  return gauge && Number.isFinite(Number(stage))
    ? { kind: 'stage', gauge, stage: Number(stage) }
    : { kind: 'flood', key };
}

export function stageKey(gauge: string, stage: number): string {
  return `library:${gauge}/${stage}`;
}
