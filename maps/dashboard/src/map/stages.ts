/**
 * The flood map of any stage from one set of tiles: `flood_stages` holds rings that never overlap,
 * each with the stage from which it is wet and the level of its ground. Pure.
 */
import type { ExpressionSpecification, FilterSpecification, StyleSpecification } from 'maplibre-gl';
import type { Water } from '../app/state.ts';

export const STAGE_LAYER = 'flood_stages';
/** Numbers in tiles are floats. */
const SLACK = 0.005;
const DEPTHS = ['#deebf7', '#9ecae1', '#4292c6', '#08306b'] as const;

export interface StageLook {
  readonly id: string;
  readonly filter: FilterSpecification;
  /** Only of fills: the colour by depth at this stage. */
  readonly color?: ExpressionSpecification;
}

/** What the rings show for the water asked about; nothing unless that is a stage of a gauge. */
export function stageLook(style: StyleSpecification, water: Water | null): StageLook[] {
  return style.layers
    .filter(
      ({ metadata }) =>
        (metadata as { 'muang:layer'?: string } | undefined)?.['muang:layer'] === STAGE_LAYER,
    )
    .map((layer) => ({
      id: layer.id,
      filter:
        water?.kind === 'stage'
          ? wet(water.gauge, water.stage)
          : (['literal', false] as FilterSpecification),
      ...(layer.type === 'fill' && water?.kind === 'stage' ? { color: depth(water.stage) } : {}),
    }));
}

function wet(gauge: string, stage: number): FilterSpecification {
  return [
    'all',
    ['==', ['get', 'gauge'], gauge],
    ['any', ['==', ['get', 'kind'], 'not_modelled'], ['<=', ['get', 'wet_from_m'], stage + SLACK]],
  ] as unknown as FilterSpecification;
}

function depth(stage: number): ExpressionSpecification {
  const [shallow, knee, waist, deep] = DEPTHS;
  return [
    'case',
    ['==', ['get', 'kind'], 'not_modelled'],
    '#9e9e9e',
    [
      'step',
      ['-', stage + SLACK, ['to-number', ['get', 'level_m'], stage]],
      shallow,
      0.3,
      knee,
      0.5,
      waist,
      1,
      deep,
    ],
  ] as unknown as ExpressionSpecification;
}
