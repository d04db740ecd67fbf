/** Which addresses make up everybody's picture of a town. Pure. */
import type { BBox } from '../api/types.ts';

const LANGS = ['th', 'en'] as const;
/** Layers whose records the page lists without a map. */
const LISTS = ['flood_zones', 'shelters', 'closures', 'power_areas'];
/** The whole town from afar, and near enough to tell streets apart. */
const ZOOMS = [10, 11, 12, 13] as const;
const MOST_TILES = 400;

interface TileSource {
  readonly tiles?: readonly string[];
  readonly minzoom?: number;
  readonly maxzoom?: number;
}

export interface Picture {
  readonly me: {
    readonly layers: readonly string[];
    readonly town: { readonly bounds: BBox | null };
  };
  readonly style: { readonly sources: Readonly<Record<string, TileSource>> };
  readonly basemap: { readonly sources: Readonly<Record<string, { readonly url?: string }>> };
}

/** Whether an address may be answered from what was kept when no other answer comes. */
export function isKept(path: string): boolean {
  return (
    path === '/me' ||
    path.startsWith('/assets/') ||
    path.startsWith('/styles/') ||
    path.startsWith('/tiles/') ||
    path.startsWith('/basemap/') ||
    path.startsWith('/ogc/collections')
  );
}

/** Everything of the picture but its tiles. */
export function pictureUrls({ me, basemap }: Picture): string[] {
  const files = Object.values(basemap.sources).flatMap(({ url }) =>
    url ? [pathOf(url.replace(/^pmtiles:\/\//, ''))] : [],
  );
  const lists = LISTS.filter((layer) => me.layers.includes(layer));
  return [
    ...LANGS.flatMap((lang) => [
      `/me?lang=${lang}`,
      `/styles/town.json?lang=${lang}`,
      `/styles/basemap.json?lang=${lang}`,
      `/ogc/collections?lang=${lang}`,
      ...lists.map((layer) => `/ogc/collections/${layer}/items?lang=${lang}&limit=1000`),
    ]),
    ...files,
  ];
}

/** Tiles of the town's layers over the town, from afar to near, as many as fit. */
export function tilesOf({ me, style }: Picture): string[] {
  const { bounds } = me.town;
  if (!bounds) return [];
  const sources = Object.values(style.sources);
  const [west, south, east, north] = bounds;
  const urls: string[] = [];
  for (const z of ZOOMS) {
    const layers = sources
      .filter(({ minzoom = 0, maxzoom = 22 }) => minzoom <= z && z <= maxzoom)
      .flatMap(({ tiles }) => tiles?.slice(0, 1) ?? []);
    const [left, top] = tileAt(west, north, z);
    const [right, bottom] = tileAt(east, south, z);
    for (let x = left; x <= right; x++) {
      for (let y = top; y <= bottom; y++) {
        for (const tiles of layers) urls.push(pathOf(placed(tiles, z, x, y)));
      }
    }
  }
  return urls.slice(0, MOST_TILES);
}

function tileAt(lng: number, lat: number, z: number): [number, number] {
  const wide = 2 ** z;
  const radians = (lat * Math.PI) / 180;
  const y = (1 - Math.asinh(Math.tan(radians)) / Math.PI) / 2;
  return [Math.floor(((lng + 180) / 360) * wide), Math.floor(y * wide)];
}

function placed(tiles: string, z: number, x: number, y: number): string {
  return tiles.replace('{z}', `${z}`).replace('{x}', `${x}`).replace('{y}', `${y}`);
}

/** The path of an address of ours, whatever origin it was written with. */
function pathOf(url: string): string {
  const { pathname, search } = new URL(url, 'http://here.invalid');
  return pathname + search;
}
