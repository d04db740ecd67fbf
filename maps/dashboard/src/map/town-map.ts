import workerFile from 'virtual:map-worker-url';
import {
  addProtocol,
  type GeoJSONSource,
  Map as MapLibre,
  type MapMouseEvent,
  type RequestParameters,
  type StyleSpecification,
  setWorkerUrl,
} from 'maplibre-gl';
import './map.css';
import type { Protocol } from 'pmtiles';
import type { BBox, TownStyle } from '../api/types.ts';
import type { App, MapPort, Touched } from '../app/app.ts';
import type { AppState } from '../app/state.ts';
import { ZONE_LAYER } from '../flood/desk.ts';
import { around } from '../flood/zones.ts';
import {
  compose,
  DRAWING,
  drawingData,
  edgeFilter,
  only,
  SELECTION,
  selectionData,
  shapesOf,
  sourceOf,
  townLayer,
  waterLook,
  ZONE_EDGE,
} from './compose.ts';
import { corner, finish } from './draw.ts';
import { BASEMAP, rasterSource } from './ground.ts';
import { drawMarker, parseMarker } from './markers.ts';
import { hitsOf } from './pick.ts';
import { freeRoom, isFree, offset } from './room.ts';
import { stageLook } from './stages.ts';
import { bboxOf, touchedTiles } from './tiles.ts';

// the build makes the worker beside the page; without this the map never loads
setWorkerUrl(new URL(workerFile, import.meta.url).href);

/** Tiles of the basemap are ranges of one file; what reads them comes only where there is one. */
let reader: Promise<Protocol> | null = null;
addProtocol('pmtiles', async (request, abort) => {
  reader ??= import('pmtiles').then(({ Protocol }) => new Protocol({ metadata: true }));
  return (await reader).tile(request, abort);
});

/** Tiles of the past are offered from this zoom on (`api/past.py`). */
const PAST_ZOOM = 14;
/** Layers of thousands that say where things are: they are fetched after those that say what is. */
const LATER = new Set(['parcels', 'buildings']);
const WORLD: BBox = [-180, -90, 180, 90];
/** So long an answer may keep the next question for the same tiles waiting. */
const PATIENCE_MS = 5_000;
/** Boxes remembered of one layer while its tiles are under way. */
const MOST_BOXES = 64;
const CLICK_PX = 4;
const POINT_ZOOM = 17.5;
/** A graphics driver that does not come back by itself in this time gets a new page. */
const LOST_MS = 5_000;

/** The map of the town: draws what the store says, tells the store what a person does on it. */
export class TownMap implements MapPort {
  readonly map: MapLibre;
  readonly #app: App;
  readonly #stop: () => void;
  /** Whether the style that was set last has been taken in. */
  #styled = false;
  /** Boxes to fetch again once tiles now under way have arrived: they may be older. */
  readonly #later = new Map<string, BBox[] | null>();
  /** When each source was asked again last (ms of the page). */
  readonly #asked = new Map<string, number>();
  #style: TownStyle;
  /** Until the first picture stands. */
  #first = true;

  constructor(app: App, container: HTMLElement, style: TownStyle, bounds: BBox) {
    this.#app = app;
    this.#style = style;
    const { state } = app.store;
    const { view } = state;
    this.map = new MapLibre({
      container,
      style: compose(style as unknown as StyleSpecification, this.#look(state), state),
      ...(view
        ? { center: [view.lng, view.lat] as [number, number], zoom: view.zoom }
        : {
            bounds: [...bounds] as [number, number, number, number],
            fitBoundsOptions: freeRoom(container),
          }),
      attributionControl: false,
      // nothing fades in: a label is there or it is not, and slow machines draw fewer frames
      fadeDuration: 0,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      rollEnabled: false,
      // a tile kept out of view could not be told that it is old (refreshTiles skips it)
      maxTileCacheSize: 0,
      transformRequest: (url): RequestParameters => ({ url: this.#asOf(url), cache: 'no-cache' }),
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.map.setMissingStyleImageResolver((id) => this.#draw(id));
    this.#listen();
    this.#stop = app.store.subscribe((now, before) => this.#follow(now, before));
  }

  /** Tiles of the town as it was at the moment shown, where there are tiles of the past. */
  #asOf(url: string): string {
    const { asOf } = this.#app.api;
    const zoom = asOf && Number(/\/tiles\/[^/]+\/(\d+)\/\d+\/\d+\.mvt/.exec(url)?.[1] ?? -1);
    if (!asOf || Number(zoom) < PAST_ZOOM) return url;
    return `${url}${url.includes('?') ? '&' : '?'}${new URLSearchParams({ as_of: asOf })}`;
  }

  remove(): void {
    this.#stop();
    this.map.remove();
  }

  focus(): void {
    this.map.getCanvas().focus({ preventScroll: true });
  }

  flyTo(bbox: BBox): void {
    const [west, south, east, north] = bbox;
    const room = freeRoom(this.map.getContainer());
    if (west === east && south === north) {
      const zoom = Math.max(this.map.getZoom(), POINT_ZOOM);
      this.map.flyTo({ center: [west, south], zoom, offset: offset(room.padding) });
    } else {
      this.map.fitBounds([west, south, east, north], room);
    }
  }

  home(): void {
    const bounds = this.#app.store.state.me.value?.town.bounds;
    if (bounds) this.flyTo(bounds);
  }

  zoomBy(levels: number): void {
    this.map.easeTo({ zoom: this.map.getZoom() + levels, duration: 250 });
  }

  centre(): readonly [number, number] {
    const { lng, lat } = this.map.getCenter();
    return [lng, lat];
  }

  pickCentre(): void {
    const canvas = this.map.getCanvas();
    this.#app.pick(this.#hits({ x: canvas.clientWidth / 2, y: canvas.clientHeight / 2 }));
    this.#app.ask(...this.centre());
  }

  /** Fetches again exactly the tiles on screen that the changes touch. */
  refresh(layers: Touched | 'all'): void {
    if (layers === 'all') {
      for (const id of Object.keys(this.#style.sources)) this.#refetch(id, null);
      return;
    }
    for (const [layer, boxes] of layers) this.#refetch(sourceOf(layer), boxes && [...boxes]);
  }

  #refetch(id: string, boxes: BBox[] | null): void {
    const source = this.map.getSource(id);
    if (source?.type !== 'vector') return;
    const now = performance.now();
    if (!this.map.isSourceLoaded(id)) {
      const waiting = this.#later.get(id);
      const known = this.#later.has(id);
      this.#later.set(
        id,
        boxes === null || (known && waiting === null)
          ? null
          : bounded([...(waiting ?? []), ...boxes]),
      );
      // one asking at a time: of two answers for a tile the older may come last, and would stay.
      // An answer that never comes must not stop the others for ever.
      if (now - (this.#asked.get(id) ?? -PATIENCE_MS) < PATIENCE_MS) return;
    }
    this.#asked.set(id, now);
    const range = source as unknown as { minzoom: number; maxzoom: number };
    // always by name: told to load everything anew, MapLibre (6.17) waits for ever for a tile whose
    // last request failed
    const tiles = touchedTiles(boxes ?? [WORLD], this.#bbox(), this.map.getZoom(), range);
    if (tiles.length > 0) this.map.refreshTiles(id, tiles);
  }

  #listen(): void {
    const { map } = this;
    map.on('moveend', () => this.#tellView());
    map.on('click', (event) => this.#click(event));
    map.on('mousemove', (event) => {
      if (this.#app.store.state.drawing) return;
      map.getCanvas().classList.toggle('over', this.#hits(event.point).length > 0);
    });
    map.on('idle', () => this.#idle());
    map.on('sourcedata', ({ sourceId, isSourceLoaded }) => {
      if (isSourceLoaded && this.#later.has(sourceId)) this.#again(sourceId);
    });
    map.once('idle', () => performance.mark('muang:map-idle'));
    // of use before it is finished: water, roads, places and people first; the fabric of the town
    // weighs more than all of them, and the ground below may still be coming
    const useful = () => {
      const town = Object.keys(this.#style.sources).filter((id) => id !== BASEMAP);
      if (!town.every((id) => map.getSource(id) && map.isSourceLoaded(id))) return;
      map.off('sourcedata', useful);
      map.once('render', () => {
        performance.mark('muang:map-useful');
        this.#fill();
      });
    };
    map.on('sourcedata', useful);
    map.once('idle', () => this.#fill());
    map.on('load', () => this.#tellView());
    map.on('style.load', () => {
      this.#styled = true;
      this.#paintOwn(this.#app.store.state);
    });
    map.on('error', (event) => {
      const { error } = event;
      // the ground is missing or was made anew: the map goes on without, and looks for it
      if ((event as { sourceId?: string }).sourceId === BASEMAP) return this.#app.ground.outdated();
      const status = (error as { status?: number }).status ?? 0;
      if (status === 401) return void this.#app.recheck();
      // the live banner already says that the server is away
      const quiet = this.#app.store.state.live.status === 'stale';
      if (!quiet) this.#complain(status);
    });
    map.on('webglcontextlost', () => {
      this.#app.store.set({ map: 'lost' });
      setTimeout(() => {
        if (this.#app.store.state.map === 'lost') location.reload();
      }, LOST_MS);
    });
    map.on('webglcontextrestored', () => this.#app.store.set({ map: 'ready' }));
    map.getCanvas().addEventListener('keydown', (event) => this.#key(event));
  }

  #draw(id: string): void {
    const marker = parseMarker(id);
    const path = marker && shapesOf(this.#style)[marker.shape];
    if (!marker || !path || this.map.hasImage(id)) return;
    const drawn = drawMarker(marker, path, Math.max(2, devicePixelRatio));
    if (drawn) this.map.addImage(id, drawn.image, { pixelRatio: drawn.ratio });
  }

  #complain(status: number): void {
    this.#app.toast({
      key: 'tiles',
      text: status
        ? `${this.#app.t('error.tiles')} (${status})`
        : `${this.#app.t('error.tiles')} ${this.#app.t('error.network')}`,
      retry: () => this.refresh('all'),
    });
  }

  #idle(): void {
    if (this.#app.store.state.map === 'loading') this.#app.store.set({ map: 'ready' });
    for (const id of [...this.#later.keys()]) this.#again(id);
  }

  /** Fetches again what changed while tiles were under way; a busy map is never idle. */
  #again(id: string): void {
    const boxes = this.#later.get(id) ?? null;
    this.#later.delete(id);
    this.#refetch(id, boxes);
  }

  #key(event: KeyboardEvent): void {
    const { drawing, raising, picking } = this.#app.store.state;
    if (event.key === 'Enter') {
      event.preventDefault();
      if (drawing) corner(this.#app, this.centre());
      else if (raising || picking) this.#place(this.centre());
      else this.pickCentre();
    } else if (drawing && event.key === 'Backspace') {
      this.#app.store.set({ drawing: drawing.slice(0, -1) });
    }
  }

  #click(event: MapMouseEvent): void {
    const { drawing, raising, picking } = this.#app.store.state;
    if (raising || picking) {
      this.#place([event.lngLat.lng, event.lngLat.lat]);
      return;
    }
    if (!drawing) {
      this.#app.pick(this.#hits(event.point));
      this.#app.ask(event.lngLat.lng, event.lngLat.lat);
      return;
    }
    const [first] = drawing;
    const near = first && this.map.project([first[0], first[1]]).dist(event.point) < CLICK_PX * 3;
    if (near && drawing.length >= 3) finish(this.#app);
    else corner(this.#app, [event.lngLat.lng, event.lngLat.lat]);
  }

  /** A place was chosen for an incident or for a record of a board. */
  #place(at: readonly [number, number]): void {
    const { raising } = this.#app.store.state;
    this.#app.store.set(raising ? { raising: { at } } : { picking: { at } });
  }

  #hits(point: { x: number; y: number }) {
    const layers = this.map
      .getStyle()
      .layers.filter((layer) => layer.id === townLayer(layer)) // labels and casings are not things
      .map(({ id }) => id);
    return hitsOf(
      this.map.queryRenderedFeatures(
        [
          [point.x - CLICK_PX, point.y - CLICK_PX],
          [point.x + CLICK_PX, point.y + CLICK_PX],
        ],
        { layers },
      ),
    );
  }

  #bbox(): BBox {
    const bounds = this.map.getBounds();
    return [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
  }

  #tellView(): void {
    const { lng, lat } = this.map.getCenter();
    this.#app.store.set({ view: { lng, lat, zoom: this.map.getZoom() }, bbox: this.#bbox() });
  }

  #follow(now: AppState, before: AppState): void {
    if (composesAnew(now, before, this.#style)) {
      this.#style = now.style.value ?? this.#style;
      const style = compose(this.#style as unknown as StyleSpecification, this.#look(now), now);
      // what is still coming cannot be compared with: it is begun anew
      this.map.setStyle(style, { diff: this.#styled });
      this.#paintOwn(now);
      return;
    }
    if (!this.map.style?.loaded && !this.map.isStyleLoaded()) return;
    if (now.on !== before.on) this.#showLayers(now);
    if (now.water !== before.water || now.zones !== before.zones) this.#showWater(now);
    if (now.focus !== before.focus) this.#showFocus(now, before);
    if (
      now.water !== before.water ||
      now.drawing !== before.drawing ||
      now.recordView.value !== before.recordView.value ||
      now.raising !== before.raising ||
      now.picking !== before.picking ||
      now.incidentView.value !== before.incidentView.value
    ) {
      this.#paintOwn(now);
    }
    if (now.recordView.value && now.recordView.value !== before.recordView.value) {
      const again = before.recordView.value?.feature.id === now.recordView.value.feature.id;
      if (!again) requestAnimationFrame(() => this.#reveal(this.#app.store.state));
    }
  }

  /** Moves the map aside when the record's card has opened upon the very thing it is about. */
  #reveal({ recordView }: AppState): void {
    const box = bboxOf(recordView.value?.feature.geometry ?? null);
    if (!box || this.map.isMoving()) return;
    const centre: [number, number] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
    const container = this.map.getContainer();
    if (isFree(this.map.project(centre), container)) return;
    this.map.easeTo({ center: centre, offset: offset(freeRoom(container).padding) });
  }

  /** The first picture stands: now the rest of it. */
  #fill(): void {
    if (!this.#first) return;
    this.#first = false;
    this.#showLayers(this.#app.store.state);
  }

  /** What is on, without what comes later. */
  #look(state: AppState): AppState {
    if (!this.#first) return state;
    return { ...state, on: new Set([...state.on].filter((layer) => !LATER.has(layer))) };
  }

  #showLayers(state: AppState): void {
    const { on } = this.#look(state);
    for (const layer of this.map.getStyle().layers) {
      const town = layer.id === ZONE_EDGE ? ZONE_LAYER : (townLayer(layer) ?? rasterOf(layer.id));
      if (town === null) continue;
      this.map.setLayoutProperty(layer.id, 'visibility', on.has(town) ? 'visible' : 'none');
    }
  }

  #showWater(now: AppState): void {
    if (this.map.getLayer(ZONE_EDGE)) this.map.setFilter(ZONE_EDGE, edgeFilter(now));
    const styled = this.#style as unknown as StyleSpecification;
    for (const { id, filter, opacity } of waterLook(styled, now)) {
      if (!this.map.getLayer(id)) continue;
      this.map.setFilter(id, filter);
      if (opacity !== undefined) this.map.setPaintProperty(id, 'fill-opacity', opacity);
    }
    for (const { id, filter, color } of stageLook(styled, now.water)) {
      if (!this.map.getLayer(id)) continue;
      this.map.setFilter(id, filter);
      if (color) this.map.setPaintProperty(id, 'fill-color', color);
    }
  }

  /** What a figure counts stands alone in its layer. */
  #showFocus({ focus }: AppState, before: AppState): void {
    for (const layer of this.map.getStyle().layers) {
      const town = townLayer(layer);
      if (town === null) continue;
      if (town === focus?.layer) this.map.setFilter(layer.id, only(focus.ids));
      else if (town === before.focus?.layer) this.map.setFilter(layer.id, null);
    }
  }

  #paintOwn({ recordView, drawing, water, raising, picking, incidentView }: AppState): void {
    const own = (id: string) => this.map.getSource(id) as GeoJSONSource | undefined;
    const at = raising?.at ?? picking?.at ?? incidentView.value?.at;
    const place: GeoJSON.Point | null = at ? { type: 'Point', coordinates: [...at] } : null;
    own(SELECTION)?.setData(selectionData(place ?? recordView.value?.feature.geometry ?? null));
    const ring = drawing ?? (water?.kind === 'drawn' ? water.ring : []);
    own(DRAWING)?.setData(drawingData(ring, drawing === null));
  }
}

/** Many boxes are one around all of them. */
function bounded(boxes: BBox[]): BBox[] {
  const all = boxes.length > MOST_BOXES ? around(boxes) : null;
  return all ? [all] : boxes;
}

/** The raster that a layer of the map draws; null for any other. */
function rasterOf(id: string): string | null {
  return id.startsWith(rasterSource('')) ? id.slice(rasterSource('').length) : null;
}

/** Whether the whole style is to be composed again, and not only what is shown of it. */
function composesAnew(now: AppState, before: AppState, style: TownStyle): boolean {
  if (now.style.value && now.style.value !== style) return true;
  if ((['basemap', 'ground', 'rasters'] as const).some((part) => now[part] !== before[part])) {
    return true;
  }
  // which of the basemap's words are said depends on which layers are on
  return now.on !== before.on && now.ground && now.basemap !== null;
}
