import type { Api } from '../api/client.ts';
import { problemOf } from '../api/problem.ts';
import type { BBox, ChangeEvent, FloodRequest, ImpactAnswer } from '../api/types.ts';
import { failed, loaded, loading, nothing } from '../app/loadable.ts';
import type { AppState, Water } from '../app/state.ts';
import type { Store } from '../app/store.ts';
import { Again } from '../live/again.ts';
import { bboxOf } from '../map/tiles.ts';
import { around, matches, scenarioKey, scenarios, type Zone, zoneOf, zonesOf } from './zones.ts';

export const ZONE_LAYER = 'flood_zones';
const ZONE_FIELDS = [
  'code',
  'name',
  'kind',
  'return_period_y',
  'gauge',
  'stage_m',
  'observed_at',
  'depth_class',
];
const PAGE = 1000;
const MAX_ZONES = 5000;
const MAX_BOXES = 12;
/** Between two counts of the same water, and two readings of the list of zones. */
const COUNT_REST_MS = 2_000;
const ZONES_REST_MS = 500;
const RETRY_MS = 5_000;

/** Flood zones to choose from, and the counted answer for the chosen water. */
export class FloodDesk {
  readonly #api: Api;
  readonly #store: Store<AppState>;
  #asking: AbortController | null = null;
  readonly #again = new Again(() => this.recount(), COUNT_REST_MS);
  readonly #zones = new Again(async () => {
    await this.loadZones();
    this.recountSoon();
  }, ZONES_REST_MS);

  constructor(api: Api, store: Store<AppState>) {
    this.#api = api;
    this.#store = store;
  }

  /** Fetches the zones of the town; keeps the old list when that fails. */
  async loadZones(): Promise<void> {
    const { lang, zones } = this.#store.state;
    this.#store.set({ zones: loading(zones) });
    try {
      const filter = await this.#chosenByHand(lang);
      const found = [];
      for (let offset = 0; offset < MAX_ZONES; offset += PAGE) {
        const page = await this.#api.items(ZONE_LAYER, lang, {
          limit: PAGE,
          offset,
          properties: ZONE_FIELDS,
          bare: true,
          ...(filter ? { filter } : {}),
        });
        found.push(...page.features.map(zoneOf));
        if (page.features.length < PAGE) break;
      }
      this.#store.set({ zones: loaded(found) });
      const { water, impact } = this.#store.state;
      if (water?.kind === 'flood' && !impact.value && !impact.loading) void this.recount();
    } catch (error) {
      const problem = problemOf(error);
      // a town without the layer has no zones; that is not a failure
      this.#store.set({ zones: problem.status === 404 ? loaded([]) : failed(problem, zones) });
      if (problem.status === 0) setTimeout(() => void this.loadZones(), RETRY_MS);
    }
  }

  /** A library has a zone for every ten centimetres: those are chosen by the clock, not by hand. */
  async #chosenByHand(lang: AppState['lang']): Promise<string | null> {
    const { properties } = await this.#api.schema(ZONE_LAYER, lang);
    return 'means' in properties ? "means IS NULL OR means <> 'library'" : null;
  }

  /** Asks about this water; null clears the panel. */
  choose(water: Water | null): void {
    this.#cancel();
    this.#store.set({ water, impact: nothing, impactBefore: null });
    if (water) void this.recount();
  }

  /**
   * The flood that a zone on the map belongs to. A return period, a stage or a day is one flood
   * however many parts it is drawn in; a regulation's polygons are chosen one by one.
   */
  chooseFeature(featureId: string): void {
    const zones = this.#store.state.zones.value ?? [];
    const zone = zones.find((each) => String(each.id) === featureId);
    if (!zone) return;
    const alone = zone.kind === 'regulatory' || zone.kind === 'other';
    this.choose(
      alone ? { kind: 'zones', ids: [zone.id] } : { kind: 'flood', key: scenarioKey(zone) },
    );
  }

  /** The box of the asked water, to show it on the map; the town's for very many zones. */
  async box(): Promise<BBox | null> {
    const { water, zones, lang, me } = this.#store.state;
    if (water?.kind === 'drawn') return around(water.ring.map(([x, y]) => [x, y, x, y] as const));
    const chosen = zonesOf(water, zones.value) ?? [];
    if (chosen.length > MAX_BOXES) return me.value?.town.bounds ?? null;
    const found = await Promise.all(
      chosen.map(({ id }) => this.#api.item(ZONE_LAYER, id, lang).catch(() => null)),
    );
    return around(found.map((feature) => bboxOf(feature?.geometry ?? null)));
  }

  /** The flood the map shows at first, so that the panel speaks of the same water. */
  chooseDefault(): void {
    const { zones, style, water } = this.#store.state;
    if (water || !zones.value?.length) return;
    const wanted = style.value?.metadata?.['muang:scenario']?.default;
    const shown = wanted && zones.value.find((zone) => matches(zone, wanted));
    // a town whose zones are all of another kind begins with the first in the list
    const key = shown ? scenarioKey(shown) : scenarios(zones.value)[0]?.key;
    if (key) this.choose({ kind: 'flood', key });
  }

  /** Counts the chosen water again, keeping the numbers on screen until the new ones are there. */
  async recount(): Promise<void> {
    const { water, impact, lang, zones } = this.#store.state;
    const asked = water && question(water, zones.value);
    // a flood named by its key waits for the list of zones, which then asks
    if (!asked) {
      // a flood that was not known then has reached nobody that can be counted
      if (zones.value && !zones.loading) this.#store.set({ impact: nothing, impactBefore: null });
      return;
    }
    this.#cancel();
    const asking = new AbortController();
    this.#asking = asking;
    this.#store.set({ impact: loading(impact) });
    try {
      const answer = await this.#api.impact(asked, lang, asking.signal);
      if (asking.signal.aborted) return;
      this.#store.set({ impact: loaded(answer), impactBefore: impact.value ?? null });
    } catch (error) {
      if (asking.signal.aborted) return;
      this.#store.set({ impact: failed(problemOf(error), impact) });
    }
  }

  /** A change to a layer that was counted, or to the water itself, counts again. */
  onChanges(changes: readonly ChangeEvent[]): void {
    const { impact, water } = this.#store.state;
    // a flood may have other parts now: those are asked for before it is counted
    const zones = changes.some(({ layer }) => layer === ZONE_LAYER);
    if (zones) this.#zones.soon();
    if (zones || !water) return;
    const counted = countedLayers(impact.value);
    if (changes.some(({ layer }) => !counted || counted.has(layer))) this.recountSoon();
  }

  recountSoon(): void {
    if (this.#store.state.water) this.#again.soon();
  }

  #cancel(): void {
    this.#asking?.abort();
    this.#asking = null;
  }
}

/** Layers whose change can change the answer; null when unknown, which means any. */
function countedLayers(answer: ImpactAnswer | undefined): Set<string> | null {
  if (!answer) return null;
  return new Set([ZONE_LAYER, ...answer.provenance.map(({ layer }) => layer)]);
}

/** What to ask the server about this water; null while the zones of a flood are not known. */
export function question(water: Water, zones: readonly Zone[] | undefined): FloodRequest | null {
  switch (water.kind) {
    case 'all':
      return { zone_ids: 'all' };
    case 'zones':
      return { zone_ids: water.ids };
    case 'flood': {
      const ids = zonesOf(water, zones)?.map(({ id }) => id);
      return ids?.length ? { zone_ids: ids } : null;
    }
    case 'stage':
      return { gauge: water.gauge, stage_m: water.stage };
    case 'drawn': {
      const [first] = water.ring;
      const ring = [...water.ring, ...(first ? [first] : [])].map(
        ([lng, lat]) => [lng, lat] as const,
      );
      return { geometry: { type: 'Polygon', coordinates: [ring] } };
    }
  }
}
