/**
 * What a link to the page carries, after the `#`: never sent to a server, never in its log.
 *
 * `#lang=th&view=13.2/15.2451/105.2290&on=roads,parcels&zones=return_period:100&rec=parcels/17`
 */
import type { EventView } from '../events/types.ts';
import { isLang, type Lang } from '../i18n/index.ts';
import { momentName, readMoment } from '../time/moment.ts';
import type { Water } from './state.ts';

export interface View {
  readonly lng: number;
  readonly lat: number;
  readonly zoom: number;
}

export type Position = readonly [lng: number, lat: number];

export interface UrlState {
  readonly lang?: Lang;
  readonly view?: View;
  /** Layers switched on; absent = as the style says. */
  readonly on?: readonly string[];
  /** The water asked about: `all`, a flood's key, or zones' record numbers. */
  readonly water?: Water;
  readonly record?: { readonly layer: string; readonly id: string };
  readonly table?: string;
  /** The moment shown (milliseconds); absent = now. */
  readonly at?: number;
  readonly gauge?: string;
  /** The figure whose features alone are shown. */
  readonly kpi?: string;
  /** The flood the water is compared with. */
  readonly compare?: string;
  /** The open incident. */
  readonly incident?: string;
  /** The event that is read, and the kind of steps. */
  readonly event?: EventView;
  /** The question asked of the town, in the words of `ask/question.ts`. */
  readonly ask?: string;
  /** The open board, perhaps with the row that is unfolded: `shelters/12`. */
  readonly board?: string;
}

const NAME = /^[a-z][a-z0-9_]{0,40}$/;
/** Gauges are named by their agencies: `M.7`, `TH-บ้านท่าบ่อ`. */
const GAUGE = /^[\p{L}\p{M}\p{N} ._()/-]{1,60}$/u;
const MAX_CORNERS = 200;
const ASK = /^[a-z_]+(;[a-z]+=[^;#&]{1,400}){0,12}$/u;

export function readUrl(hash: string): UrlState {
  const asked = new URLSearchParams(hash.replace(/^#/, ''));
  const lang = asked.get('lang');
  const view = readView(asked.get('view'));
  const on = asked.get('on');
  const water = readStage(asked.get('stage')) ?? readWater(asked.get('zones'), asked.get('drawn'));
  const record = readRecord(asked.get('rec'));
  const table = asked.get('table');
  return {
    ...(isLang(lang) ? { lang } : {}),
    ...(view ? { view } : {}),
    ...(on !== null ? { on: on.split(',').filter((name) => NAME.test(name)) } : {}),
    ...(water ? { water } : {}),
    ...(record ? { record } : {}),
    ...(table && NAME.test(table) ? { table } : {}),
    ...readDesk(asked),
    ...readBoard(asked.get('board')),
  };
}

/** The moment, gauge, figure, incident, event, question and comparison of the desk. */
function readDesk(asked: URLSearchParams): UrlState {
  const at = readMoment(asked.get('t'));
  const gauge = asked.get('gauge');
  const kpi = asked.get('kpi');
  const incident = asked.get('inc');
  const compare = asked.get('cmp');
  const event = /^(now|\d{1,18})(?:\/([a-z]{1,20}))?$/.exec(asked.get('ev') ?? '');
  const ask = asked.get('ask');
  return {
    ...(at === null ? {} : { at }),
    ...(gauge && GAUGE.test(gauge) ? { gauge } : {}),
    ...(kpi && NAME.test(kpi) ? { kpi } : {}),
    ...(compare?.includes(':') ? { compare } : {}),
    ...(incident && /^\d{1,18}$/.test(incident) ? { incident } : {}),
    ...(event
      ? { event: { id: event[1] === 'now' ? null : Number(event[1]), kind: event[2] ?? null } }
      : {}),
    ...(ask && ASK.test(ask) ? { ask } : {}),
  };
}

function readBoard(board: string | null): UrlState {
  return board && /^[a-z]+(\/\w+)?$/.test(board) ? { board } : {};
}

export function writeUrl(state: UrlState): string {
  const parts: string[] = [];
  const put = (name: string, value: string | undefined) => {
    // commas and slashes are allowed in a fragment and keep the link readable
    if (value !== undefined) {
      const safe = encodeURIComponent(value)
        .replace(/%2C/g, ',')
        .replace(/%2F/g, '/')
        .replace(/%3A/g, ':');
      parts.push(`${name}=${safe}`);
    }
  };
  const { view } = state;
  put('lang', state.lang);
  put('view', view && `${round(view.zoom, 2)}/${round(view.lat, 5)}/${round(view.lng, 5)}`);
  put('on', state.on?.join(','));
  if (state.water?.kind === 'drawn') {
    const { ring } = state.water;
    put('drawn', ring.map(([lng, lat]) => `${round(lng, 6)}/${round(lat, 6)}`).join(','));
  } else if (state.water?.kind === 'stage') {
    put('stage', `${state.water.gauge}/${round(state.water.stage, 3)}`);
  } else {
    put('zones', state.water && waterName(state.water));
  }
  put('rec', state.record && `${state.record.layer}/${state.record.id}`);
  put('table', state.table);
  put('t', state.at === undefined ? undefined : momentName(state.at));
  put('gauge', state.gauge);
  put('kpi', state.kpi);
  put('inc', state.incident);
  put('cmp', state.compare);
  const { event } = state;
  put('ev', event && `${event.id ?? 'now'}${event.kind ? `/${event.kind}` : ''}`);
  put('ask', state.ask);
  put('board', state.board);
  return parts.length ? `#${parts.join('&')}` : '';
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function readView(text: string | null): View | null {
  const [zoom, lat, lng] = (text ?? '').split('/').map(Number);
  if (zoom === undefined || lat === undefined || lng === undefined) return null;
  const sound = zoom >= 0 && zoom <= 24 && Math.abs(lat) <= 90 && Math.abs(lng) <= 180;
  return sound ? { zoom, lat, lng } : null;
}

function waterName(water: Exclude<Water, { kind: 'drawn' | 'stage' }>): string {
  if (water.kind === 'all') return 'all';
  return water.kind === 'flood' ? water.key : water.ids.join(',');
}

function readWater(zones: string | null, drawn: string | null): Water | null {
  if (zones === 'all') return { kind: 'all' };
  if (zones?.includes(':')) return { kind: 'flood', key: zones };
  if (zones) {
    const ids = zones.split(',').map(Number);
    return ids.every(Number.isSafeInteger) ? { kind: 'zones', ids } : null;
  }
  const ring = readCorners(drawn);
  return ring && { kind: 'drawn', ring };
}

/** `M.7/112.5`: a gauge and metres MSL. */
function readStage(text: string | null): Water | null {
  const cut = (text ?? '').lastIndexOf('/');
  const gauge = (text ?? '').slice(0, cut);
  const stage = Number((text ?? '').slice(cut + 1));
  const sound = cut > 0 && GAUGE.test(gauge) && Number.isFinite(stage) && Math.abs(stage) < 10_000;
  return sound ? { kind: 'stage', gauge, stage } : null;
}

function readCorners(text: string | null): Position[] | null {
  if (!text) return null;
  const corners = text.split(',').map((pair) => pair.split('/').map(Number));
  const sound = corners.every(
    ([lng, lat]) => Math.abs(lng ?? Number.NaN) <= 180 && Math.abs(lat ?? Number.NaN) <= 90,
  );
  if (!sound || corners.length < 3 || corners.length > MAX_CORNERS) return null;
  return corners.map(([lng, lat]) => [lng as number, lat as number] as const);
}

function readRecord(text: string | null): { layer: string; id: string } | null {
  const cut = (text ?? '').indexOf('/');
  if (!text || cut < 0) return null;
  const layer = text.slice(0, cut);
  const id = text.slice(cut + 1);
  return NAME.test(layer) && id ? { layer, id } : null;
}
