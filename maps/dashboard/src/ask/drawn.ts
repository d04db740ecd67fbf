/** What of an answer lies on the map: places and roads, each with what it means. Pure. */
import type {
  CoverageAnswer,
  EvacuationAnswer,
  RevenueGapsAnswer,
  RouteCutsAnswer,
  SheltersAnswer,
} from '../api/types.gen.ts';
import type { BBox } from '../api/types.ts';
import type { Placed } from './question.ts';

export type Answer =
  | CoverageAnswer
  | EvacuationAnswer
  | RevenueGapsAnswer
  | RouteCutsAnswer
  | SheltersAnswer;

type Collection = GeoJSON.FeatureCollection;
type Feature = GeoJSON.Feature;
type At = readonly [number, number];

/** What a line or place means, in the colours of severity; told apart by dash and size too. */
export type Meaning = 'good' | 'far' | 'lost' | 'barred' | 'place' | 'off';

export const LOOKS: Readonly<
  Record<Meaning, { readonly color: string; readonly width: number; readonly dashed: boolean }>
> = {
  good: { color: '#1b6e53', width: 3, dashed: false },
  far: { color: '#d95f0e', width: 3.5, dashed: true },
  lost: { color: '#7f0000', width: 4, dashed: false },
  barred: { color: '#62717b', width: 2, dashed: true },
  place: { color: '#0b3d91', width: 2, dashed: false },
  off: { color: '#ffffff', width: 2, dashed: false },
};

const REACH: Readonly<Record<string, Meaning>> = {
  within: 'good',
  far: 'far',
  unreachable: 'lost',
  barred: 'barred',
};
const ROUNDS = ['#0b3d91', '#1b6e53', '#6a3d9a', '#8c510a', '#a3123a', '#01665e'] as const;
const FIRST_OUT = 10;

function point(key: string, at: At, meaning: Meaning, label: string, size: number): Feature {
  return {
    type: 'Feature',
    geometry: { type: 'Point', coordinates: [...at] },
    properties: { key, meaning, label, size, color: LOOKS[meaning].color },
  };
}

function line(
  key: string,
  geometry: GeoJSON.Geometry,
  meaning: Meaning,
  color = LOOKS[meaning].color,
): Feature {
  const { width, dashed } = LOOKS[meaning];
  return { type: 'Feature', geometry, properties: { key, meaning, color, width, dashed } };
}

/** The answer's features; `key` names the table's row they belong to. */
export function drawn(answer: Answer | null, points: readonly Placed[] = []): Collection {
  const own = answer ? features(answer) : [];
  return { type: 'FeatureCollection', features: [...own, ...placed(answer, points)] };
}

/** Places set by hand: of a round those it calls at, in its order, and those no road leads to. */
function placed(answer: Answer | null, points: readonly Placed[]): Feature[] {
  // services are drawn with what became of them
  if (answer && answer.kind !== 'route_cuts') return [];
  const lost = new Set(answer?.routes.flatMap((route) => route.lost));
  const order = answer?.routes.flatMap(({ served }) => served) ?? [];
  return points.map(({ name, at }) => {
    const turn = order.indexOf(name) + 1;
    const gone = lost.has(name);
    return point(name, at, gone ? 'lost' : 'place', turn ? `${turn} ${name}` : name, gone ? 9 : 7);
  });
}

function features(answer: Answer): Feature[] {
  switch (answer.kind) {
    case 'coverage':
      return [
        ...(answer.reach?.features ?? []).map((each) => {
          const told = each as unknown as Feature;
          const reach = String(told.properties?.['reach']);
          return line(`reach ${reach}`, told.geometry, REACH[reach] ?? 'barred');
        }),
        ...answer.services.flatMap(({ code, name, status, at }) =>
          at ? [point(code, at, status === 'serves' ? 'place' : 'off', name ?? code, 7)] : [],
        ),
      ];
    case 'shelters':
      return [
        ...(answer.listed ?? []).flatMap(({ household, landing }) =>
          landing ? [point(household, landing, 'far', '', 4)] : [],
        ),
        ...answer.shelters.map(({ code, name, status, at }) =>
          point(code, at, status === 'takes' ? 'place' : 'off', name ?? code, 8),
        ),
      ];
    case 'evacuation':
      // the first to leave are drawn last, on top
      return [...answer.order].reverse().flatMap(({ household, at, rank }) => {
        if (!at) return [];
        const first = rank <= FIRST_OUT;
        return [point(household, at, first ? 'lost' : 'far', String(rank), first ? 9 : 5)];
      });
    case 'route_cuts':
      return answer.routes.flatMap(({ route, line: way }, place) =>
        way
          ? [
              line(
                route,
                way as unknown as GeoJSON.Geometry,
                'good',
                ROUNDS[place % ROUNDS.length] ?? ROUNDS[0],
              ),
            ]
          : [],
      );
    case 'revenue_gaps':
      return [
        ...answer.parcels.map(({ id, at, parcel }) =>
          point(`parcels ${id}`, at, 'place', parcel ?? '', 6),
        ),
        ...(answer.waste.listed ?? []).map(({ stop, at }) => point(stop, at, 'far', stop, 6)),
      ];
  }
}

/** The box around features; null when there is none. */
export function boxOf({ features: all }: Collection): BBox | null {
  const box: [number, number, number, number] = [180, 90, -180, -90];
  const take = (position: unknown): void => {
    if (!Array.isArray(position)) return;
    const [lng, lat] = position;
    if (typeof lng !== 'number' || typeof lat !== 'number') {
      for (const inner of position) take(inner);
      return;
    }
    box[0] = Math.min(box[0], lng);
    box[1] = Math.min(box[1], lat);
    box[2] = Math.max(box[2], lng);
    box[3] = Math.max(box[3], lat);
  };
  for (const { geometry } of all) if ('coordinates' in geometry) take(geometry.coordinates);
  return box[0] > box[2] ? null : box;
}
