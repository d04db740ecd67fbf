/**
 * One gate, drawn once. A gate stands in two layers: as what is operated (`gates`, a point with its
 * state) and as the piece of a levee it closes (`levees` of the kind `gate`, a line the flood
 * library reads). Where both are on, the point speaks for both.
 */
import type { FilterSpecification, LayerSpecification } from 'maplibre-gl';
import type { ChangeEvent, Feature } from '../api/types.ts';
import type { App } from '../app/app.ts';
import { townLayer } from '../map/compose.ts';

/** A gate's point and line lie this near to each other, in metres, unless their codes are one. */
const NEAR_M = 30;
const MOST = 1000;
const SETTLE_MS = 300;
const DEGREE_M = 111_320;

/** Numbers of the levee gates that are gates of the other layer: by code, or by place. */
export function twinsOf(levees: readonly Feature[], gates: readonly Feature[]): number[] {
  const codes = new Set(gates.map(codeOf).filter(Boolean));
  const places = gates.flatMap(({ geometry }) => cornersOf(geometry));
  return levees
    .filter(({ properties }) => properties['kind'] === 'gate')
    .filter(
      (levee) =>
        codes.has(codeOf(levee)) ||
        cornersOf(levee.geometry).some((one) =>
          places.some((other) => metres(one, other) <= NEAR_M),
        ),
    )
    .map(({ id }) => Number(id));
}

function codeOf({ properties }: Feature): string {
  return String(properties['code'] ?? '')
    .trim()
    .toUpperCase();
}

type Place = readonly [number, number];

/** Every corner of a geometry. */
function cornersOf(geometry: GeoJSON.Geometry | null): Place[] {
  if (!geometry || !('coordinates' in geometry)) return [];
  const flat = (part: unknown): Place[] => {
    if (!Array.isArray(part)) return [];
    return typeof part[0] === 'number' ? [[part[0], Number(part[1])]] : part.flatMap(flat);
  };
  return flat(geometry.coordinates);
}

function metres([west, south]: Place, [east, north]: Place): number {
  const along = Math.cos(((south + north) / 2) * (Math.PI / 180));
  return Math.hypot((east - west) * along, north - south) * DEGREE_M;
}

export class Twins {
  readonly #app: App;
  #ids: readonly number[] = [];
  #timer: ReturnType<typeof setTimeout> | null = null;
  #heard: unknown = null;

  constructor(app: App) {
    this.#app = app;
    app.store.subscribe((now, before) => {
      if (now.on !== before.on || now.map !== before.map) this.#apply();
    });
  }

  async load(): Promise<void> {
    const { api, store } = this.#app;
    const { me, lang } = store.state;
    const sees = (layer: string) => me.value?.layers.includes(layer);
    if (!sees('gates') || !sees('levees')) return;
    try {
      const levees = await api.items('levees', lang, { limit: MOST, where: { kind: 'gate' } });
      const gates = levees.features.length ? await api.items('gates', lang, { limit: MOST }) : null;
      this.#ids = gates ? twinsOf(levees.features, gates.features) : [];
      this.#apply();
    } catch {
      // both are drawn: too much is better than a gate that is not there
    }
  }

  onChanges(changes: readonly ChangeEvent[]): void {
    if (!changes.some(({ layer }) => layer === 'gates' || layer === 'levees') || this.#timer)
      return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.load();
    }, SETTLE_MS);
  }

  #apply(): void {
    const map = this.#app.map?.map;
    if (!map?.style) return;
    if (this.#heard !== map) {
      this.#heard = map;
      // a style composed anew knows nothing of this
      map.on('styledata', () => this.#apply());
    }
    for (const layer of map.getStyle().layers) {
      if (townLayer(layer) !== 'levees') continue;
      const filter = this.#filter(layer.id);
      const now = map.getFilter(layer.id) ?? null;
      if (JSON.stringify(now) !== JSON.stringify(filter)) map.setFilter(layer.id, filter);
    }
  }

  /** What the style itself draws, less the gates that the other layer draws. */
  #filter(id: string): FilterSpecification | null {
    const { style, on } = this.#app.store.state;
    const layers = style.value?.layers as readonly LayerSpecification[] | undefined;
    const styled = layers?.find((layer) => layer.id === id);
    const own = styled && 'filter' in styled ? (styled.filter ?? null) : null;
    if (this.#ids.length === 0 || !on.has('gates')) return own;
    const others = ['!', ['in', ['id'], ['literal', [...this.#ids]]]];
    return (own ? ['all', own, others] : others) as FilterSpecification;
  }
}
