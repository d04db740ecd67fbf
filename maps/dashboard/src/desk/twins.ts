/**
 * One gate, drawn once. A gate stands in two layers: as what is operated (`gates`, a point with its
 * state) and as the piece of a levee it closes (`levees` of the kind `gate`, a line the flood
 * library reads). Where both are on, the point speaks for both.
 */
import type { FilterSpecification, LayerSpecification } from 'maplibre-gl';
import type { ChangeEvent, Feature } from '../api/types.ts';
import type { App } from '../app/app.ts';
import { Store } from '../app/store.ts';
import type { Lang } from '../i18n/index.ts';
import { townLayer } from '../map/compose.ts';

/** A gate's point and line lie this near to each other, in metres, unless their codes are one. */
const NEAR_M = 30;
const MOST = 1000;
const SETTLE_MS = 300;
const DEGREE_M = 111_320;

/** A gate as it is operated, and the piece of a levee it closes. */
export interface Pair {
  readonly gate: Feature;
  readonly levee: Feature;
}

/** Levee gates with the gate of the other layer they are: by code, else the nearest by place. */
export function pairsOf(levees: readonly Feature[], gates: readonly Feature[]): Pair[] {
  return levees
    .filter(({ properties }) => properties['kind'] === 'gate')
    .flatMap((levee) => {
      const same = gates.find((gate) => codeOf(gate) !== '' && codeOf(gate) === codeOf(levee));
      const gate = same ?? nearest(levee, gates);
      return gate ? [{ gate, levee }] : [];
    });
}

/** Where each layer says how it stands. */
const STATE = { gates: 'status', levees: 'state' } as const;

/** What the piece of a levee may be while its gate is so; a state not known clashes with none. */
const AGREE: Readonly<Record<string, readonly string[]>> = {
  open: ['open', 'breached'],
  partly: ['open', 'breached'],
  closed: ['closed'],
  failed: ['open', 'breached'],
};

/** Pairs whose states cannot both be true. */
export function clashesOf(pairs: readonly Pair[]): Pair[] {
  return pairs.filter(({ gate, levee }) => {
    const state = levee.properties[STATE.levees];
    const agree = AGREE[String(gate.properties[STATE.gates])];
    return agree !== undefined && typeof state === 'string' && !agree.includes(state);
  });
}

function nearest(levee: Feature, gates: readonly Feature[]): Feature | null {
  const corners = cornersOf(levee.geometry);
  const far = gates.map((gate) => ({
    gate,
    away: Math.min(
      ...cornersOf(gate.geometry).flatMap((one) => corners.map((other) => metres(one, other))),
    ),
  }));
  far.sort((one, other) => one.away - other.away);
  return far[0] && far[0].away <= NEAR_M ? far[0].gate : null;
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
  readonly store = new Store<{ readonly clashes: readonly Pair[] }>({ clashes: [] });
  #ids: readonly number[] = [];
  #labels: Readonly<Record<string, Readonly<Record<string, string>>>> = {};
  #timer: ReturnType<typeof setTimeout> | null = null;
  #heard: unknown = null;

  constructor(app: App) {
    this.#app = app;
    app.store.subscribe((now, before) => {
      if (now.on !== before.on || now.map !== before.map) this.#apply();
      if (now.lang !== before.lang) void this.load();
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
      const pairs = gates ? pairsOf(levees.features, gates.features) : [];
      this.#ids = pairs.map(({ levee }) => Number(levee.id));
      this.#apply();
      const clashes = clashesOf(pairs);
      if (clashes.length > 0) await this.#words(lang);
      this.store.set({ clashes });
    } catch {
      // both are drawn: too much is better than a gate that is not there
    }
  }

  /** A gate's or levee's state in words. */
  label(layer: 'gates' | 'levees', { properties }: Feature): string {
    const state = String(properties[STATE[layer]] ?? '');
    return this.#labels[layer]?.[state] ?? state;
  }

  async #words(lang: Lang): Promise<void> {
    const layers = ['gates', 'levees'] as const;
    const found = await Promise.all(layers.map((layer) => this.#app.api.schema(layer, lang)));
    this.#labels = Object.fromEntries(
      layers.map((layer, n) => [layer, found[n]?.properties[STATE[layer]]?.['x-enumLabels'] ?? {}]),
    );
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
