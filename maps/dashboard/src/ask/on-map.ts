/** An answer's places and roads above the town's own, for as long as the answer is open. */
import type { GeoJSONSource, Map as MapLibre, MapMouseEvent } from 'maplibre-gl';

const SOURCE = 'page-answer';
const EMPTY: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] };

export class OnMap {
  readonly #map: MapLibre;
  readonly #pick: (key: string) => void;
  #data: GeoJSON.FeatureCollection = EMPTY;
  #chosen = '';
  readonly #again = () => this.#add();
  readonly #click = (event: MapMouseEvent) => this.#clicked(event);

  /** `pick` is told the key of a place that was clicked. */
  constructor(map: MapLibre, pick: (key: string) => void) {
    this.#map = map;
    this.#pick = pick;
    // a style composed anew knows nothing of what others added
    map.on('styledata', this.#again);
    map.on('click', this.#click);
  }

  show(data: GeoJSON.FeatureCollection, chosen: string): void {
    const same = data === this.#data;
    this.#data = data;
    this.#chosen = chosen;
    this.#add();
    if (!same) (this.#map.getSource(SOURCE) as GeoJSONSource | undefined)?.setData(data);
    if (this.#map.getLayer(`${SOURCE}-chosen`)) {
      this.#map.setFilter(`${SOURCE}-chosen`, ['==', ['get', 'key'], chosen]);
    }
  }

  remove(): void {
    this.#map.off('styledata', this.#again);
    this.#map.off('click', this.#click);
    for (const id of LAYERS) if (this.#map.getLayer(id)) this.#map.removeLayer(id);
    if (this.#map.getSource(SOURCE)) this.#map.removeSource(SOURCE);
  }

  #add(): void {
    const map = this.#map;
    if (!map.style || map.getSource(SOURCE) || this.#data.features.length === 0) return;
    const source = SOURCE;
    map.addSource(SOURCE, { type: 'geojson', data: this.#data });
    const lines = (id: string, dashed: boolean) =>
      map.addLayer({
        id,
        type: 'line',
        source,
        filter: ['==', ['get', 'dashed'], dashed],
        layout: { 'line-cap': 'butt', 'line-join': 'round' },
        paint: {
          'line-color': ['get', 'color'],
          'line-width': ['get', 'width'],
          ...(dashed ? { 'line-dasharray': [2, 1.5] } : {}),
        },
      });
    lines(`${SOURCE}-line`, false);
    lines(`${SOURCE}-dash`, true);
    map.addLayer({
      id: `${SOURCE}-point`,
      type: 'circle',
      source,
      filter: ['==', ['geometry-type'], 'Point'],
      paint: {
        'circle-radius': ['get', 'size'],
        'circle-color': ['get', 'color'],
        'circle-stroke-color': ['case', ['==', ['get', 'meaning'], 'off'], '#15202b', '#ffffff'],
        'circle-stroke-width': 1.5,
      },
    });
    map.addLayer({
      id: `${SOURCE}-chosen`,
      type: 'circle',
      source,
      filter: ['==', ['get', 'key'], this.#chosen],
      paint: {
        'circle-radius': 14,
        'circle-opacity': 0,
        'circle-stroke-color': '#15202b',
        'circle-stroke-width': 3,
      },
    });
    map.addLayer({
      id: `${SOURCE}-label`,
      type: 'symbol',
      source,
      filter: ['==', ['geometry-type'], 'Point'],
      minzoom: 13,
      layout: {
        'text-field': ['get', 'label'],
        'text-font': ['Sarabun'],
        'text-size': 13,
        'text-offset': [0, 1.2],
        'text-anchor': 'top',
      },
      paint: { 'text-color': '#15202b', 'text-halo-color': '#ffffff', 'text-halo-width': 1.5 },
    });
  }

  #clicked({ point }: MapMouseEvent): void {
    const layer = `${SOURCE}-point`;
    if (!this.#map.getLayer(layer)) return;
    const [hit] = this.#map.queryRenderedFeatures(
      [
        [point.x - 5, point.y - 5],
        [point.x + 5, point.y + 5],
      ],
      { layers: [layer] },
    );
    const key = hit?.properties['key'];
    if (typeof key === 'string') this.#pick(key);
  }
}

const LAYERS = ['label', 'chosen', 'point', 'dash', 'line'].map((part) => `${SOURCE}-${part}`);
