import type {
  BasemapStyle,
  BBox,
  Collection,
  Feature,
  FeaturePage,
  ImpactAnswer,
  LayerSchema,
  LegendLayer,
  Me,
  RasterEntry,
  TownStyle,
} from '../api/types.ts';
import type { EventSettings, EventStory, EventView, TownEvent } from '../events/types.ts';
import type { Zone } from '../flood/zones.ts';
import {
  type Forecast,
  type Gauge,
  NO_STAGES,
  type Reading,
  type Stages,
} from '../gauges/types.ts';
import type { Lang } from '../i18n/index.ts';
import type { Incident, LogStep } from '../incidents/types.ts';
import type { LiveState } from '../live/stream.ts';
import type { Leaving } from './leaving.ts';
import { type Loadable, nothing } from './loadable.ts';
import type { Position, View } from './url.ts';

/**
 * The water that is asked about: a whole flood by its key (`return_period:100`, whatever parts it
 * is drawn in), single zones by record number, all zones, a stage of a gauge that has a library of
 * flood maps, or a drawn area.
 */
export type Water =
  | { readonly kind: 'flood'; readonly key: string }
  | { readonly kind: 'zones'; readonly ids: readonly number[] }
  | { readonly kind: 'all' }
  | { readonly kind: 'stage'; readonly gauge: string; readonly stage: number }
  | { readonly kind: 'drawn'; readonly ring: readonly Position[] };

export interface Hit {
  readonly layer: string;
  readonly id: string;
  /** What the tile said of it, enough to name it in a list. */
  readonly hint: string;
}

export interface RecordView {
  readonly feature: Feature;
  readonly schema: LayerSchema;
}

export interface TableView {
  readonly page: FeaturePage;
  readonly schema: LayerSchema;
}

/** What the rasters say of a place. */
export interface Spot {
  readonly lng: number;
  readonly lat: number;
  readonly values: readonly SpotValue[];
}

export interface SpotValue {
  readonly id: string;
  readonly title: string;
  readonly text: string;
}

/** What a figure of the desk counts: these features alone, on the map and in the table. */
export interface Focus {
  readonly kpi: string;
  readonly layer: string;
  readonly ids: readonly number[];
}

export interface Toast {
  readonly key: string;
  readonly text: string;
  readonly reference?: string;
  /** It says that something was done; otherwise that something was not. */
  readonly good?: boolean;
  readonly retry?: () => void;
}

/** Which part of the page a phone shows below the map. */
export type Section = 'watch' | 'flood' | 'layers' | 'table';

/** What the map can do for the page right now. */
export type MapStatus = 'loading' | 'ready' | 'unsupported' | 'lost' | 'failed';

export interface AppState {
  readonly lang: Lang;
  readonly me: Loadable<Me>;
  /** The link the page was opened with has been taken over: from here on the page writes it. */
  readonly followed: boolean;
  /** The page is about to begin anew, for this reason: nothing else is shown. */
  readonly leaving: Leaving | null;
  /** Why it began anew, until somebody closes the message. */
  readonly left: Leaving | null;
  readonly signingOut: boolean;
  /** The server is gone and this is the last public picture, made then (milliseconds). */
  readonly pictureAt: number | null;
  /** One's own account is open. */
  readonly account: boolean;
  readonly style: Loadable<TownStyle>;
  readonly legend: readonly LegendLayer[];
  /** Every collection of the server, also those without a geometry. */
  readonly collections: readonly Collection[];
  /** How many features each layer has; a layer not yet asked about is missing. */
  readonly counts: ReadonlyMap<string, number>;
  readonly on: ReadonlySet<string>;
  /** null: not asked for yet, or none is to be had. */
  readonly basemap: BasemapStyle | null;
  /** Whether the basemap is shown where there is one. */
  readonly ground: boolean;
  /** Rasters that can be switched on; `on` holds their ids beside the layers'. */
  readonly rasters: readonly RasterEntry[];
  readonly spot: Spot | null;
  readonly view: View | null;
  /** What the map shows, in degrees. Without a map: the town. */
  readonly bbox: BBox | null;
  readonly map: MapStatus;
  readonly mapReason: string;
  readonly live: LiveState;
  readonly zones: Loadable<readonly Zone[]>;
  readonly water: Water | null;
  readonly impact: Loadable<ImpactAnswer>;
  /** The answer before the last live recount, to show what changed. */
  readonly impactBefore: ImpactAnswer | null;
  /** The flood the chosen water is compared with, by its key. */
  readonly compare: string | null;
  readonly hits: readonly Hit[];
  readonly record: { readonly layer: string; readonly id: string } | null;
  readonly recordView: Loadable<RecordView>;
  readonly tableLayer: string | null;
  readonly tableOffset: number;
  /** The rows stay those of an earlier view: the map went to one of them. */
  readonly tableHeld: boolean;
  readonly tableView: Loadable<TableView>;
  readonly drawing: readonly Position[] | null;
  /** The desk's part of the page has been fetched. */
  readonly desk: boolean;
  /** The moment shown, in milliseconds; null: now, as it goes on. */
  readonly at: number | null;
  readonly playing: boolean;
  readonly gauges: Loadable<readonly Gauge[]>;
  readonly gauge: string | null;
  /** Readings of the chosen gauge, oldest first. */
  readonly readings: Loadable<readonly Reading[]>;
  readonly forecast: Loadable<Forecast>;
  /** Stages of the chosen gauge that flood maps were made for. */
  readonly stages: Stages;
  /** Small layers that the desk reads whole, as of the moment shown. */
  readonly boards: ReadonlyMap<string, readonly Feature[]>;
  /** The figure whose features alone are shown; `focus` is set once they are known. */
  readonly kpi: string | null;
  readonly focus: Focus | null;
  /** What needs action, most urgent first. */
  readonly incidents: Loadable<readonly Incident[]>;
  /** Labels of an incident's coded fields, by field and value, in the reader's language. */
  readonly incidentWords: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** The open incident's number, its record and its story. */
  readonly incident: string | null;
  readonly incidentView: Loadable<Incident>;
  readonly story: readonly LogStep[];
  /** The incident an action of ours is under way for. */
  readonly acting: number | null;
  /** Somebody else was first. */
  readonly conflict: { readonly incident: number; readonly text: string } | null;
  /** An incident is being raised, at this place once one is chosen. */
  readonly raising: { readonly at: Position | null } | null;
  /** A place for a board's new record is being chosen on the map. */
  readonly picking: { readonly at: Position | null } | null;
  /** The open board, perhaps with the row that is unfolded: `shelters/12`. */
  readonly board: string | null;
  readonly events: Loadable<readonly TownEvent[]>;
  readonly eventSettings: EventSettings | null;
  /** The event that is read; null: the panel is closed. */
  readonly event: EventView | null;
  readonly eventStory: Loadable<EventStory>;
  /** The question about roads, people or registers, as its link says it; null: none. */
  readonly ask: string | null;
  readonly section: Section;
  readonly legendOpen: boolean;
  readonly toasts: readonly Toast[];
  /** Spoken by screen readers; see `say` in the actions. */
  readonly spoken: string;
}

export function initialState(lang: Lang): AppState {
  return {
    lang,
    me: nothing,
    followed: false,
    leaving: null,
    left: null,
    signingOut: false,
    pictureAt: null,
    account: false,
    style: nothing,
    legend: [],
    collections: [],
    counts: new Map(),
    on: new Set(),
    basemap: null,
    ground: true,
    rasters: [],
    spot: null,
    view: null,
    bbox: null,
    map: 'loading',
    mapReason: '',
    live: { status: 'connecting', heardAt: null, pos: null },
    zones: nothing,
    water: null,
    impact: nothing,
    impactBefore: null,
    compare: null,
    hits: [],
    record: null,
    recordView: nothing,
    tableLayer: null,
    tableOffset: 0,
    tableHeld: false,
    tableView: nothing,
    drawing: null,
    desk: false,
    at: null,
    playing: false,
    gauges: nothing,
    gauge: null,
    readings: nothing,
    forecast: nothing,
    stages: NO_STAGES,
    boards: new Map(),
    kpi: null,
    focus: null,
    incidents: nothing,
    incidentWords: {},
    incident: null,
    incidentView: nothing,
    story: [],
    acting: null,
    conflict: null,
    raising: null,
    picking: null,
    board: null,
    events: nothing,
    eventSettings: null,
    event: null,
    eventStory: nothing,
    ask: null,
    section: 'flood',
    legendOpen: true,
    toasts: [],
    spoken: '',
  };
}
