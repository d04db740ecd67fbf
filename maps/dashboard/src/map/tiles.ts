/** Which tiles a change touches. Web Mercator quad, XYZ. Pure. */
import type { BBox } from '../api/types.ts';

export interface TileId {
  readonly z: number;
  readonly x: number;
  readonly y: number;
}

const MAX_LATITUDE = 85.051_128_78;

/** Tile column of a longitude, with its fraction. */
export function column(longitude: number, z: number): number {
  return ((longitude + 180) / 360) * 2 ** z;
}

/** Tile row of a latitude, with its fraction; rows grow southwards. */
export function row(latitude: number, z: number): number {
  const clamped = Math.max(-MAX_LATITUDE, Math.min(MAX_LATITUDE, latitude));
  const sine = Math.sin((clamped * Math.PI) / 180);
  return (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * 2 ** z;
}

/** Tiles are cut with a margin (64 of 4096), so a change just outside one shows inside it. */
const MARGIN = 64 / 4096;

/** The tiles at `z` that draw anything of `bbox`. */
export function tilesOf(bbox: BBox, z: number): TileId[] {
  const last = 2 ** z - 1;
  const clamp = (value: number) => Math.max(0, Math.min(last, Math.floor(value)));
  const [west, south, east, north] = bbox;
  const tiles: TileId[] = [];
  const right = clamp(column(east, z) + MARGIN);
  const bottom = clamp(row(south, z) + MARGIN);
  for (let x = clamp(column(west, z) - MARGIN); x <= right; x++) {
    for (let y = clamp(row(north, z) - MARGIN); y <= bottom; y++) tiles.push({ z, x, y });
  }
  return tiles;
}

/** What two boxes share, or null. */
export function overlap(a: BBox, b: BBox): BBox | null {
  const shared: BBox = [
    Math.max(a[0], b[0]),
    Math.max(a[1], b[1]),
    Math.min(a[2], b[2]),
    Math.min(a[3], b[3]),
  ];
  return shared[0] <= shared[2] && shared[1] <= shared[3] ? shared : null;
}

/** `bbox` grown by `share` of its size on every side. */
export function grown(bbox: BBox, share: number): BBox {
  const dx = (bbox[2] - bbox[0]) * share;
  const dy = (bbox[3] - bbox[1]) * share;
  return [bbox[0] - dx, bbox[1] - dy, bbox[2] + dx, bbox[3] + dy];
}

/**
 * The tiles a map may hold on screen that changes in `boxes` touch, at all zooms a source serves.
 * `view` is what the map shows and `zoom` its level; parents and children of the current level
 * are included because the map keeps them while others load.
 */
export function touchedTiles(
  boxes: readonly BBox[],
  view: BBox,
  zoom: number,
  source: { readonly minzoom: number; readonly maxzoom: number },
): TileId[] {
  const found = new Map<string, TileId>();
  const top = Math.min(source.maxzoom, Math.floor(zoom) + 1);
  for (let z = source.minzoom; z <= top; z++) {
    // a tile partly in view may be touched outside the view: grow the view by one tile
    const tile = 360 / 2 ** z;
    const seen: BBox = [view[0] - tile, view[1] - tile, view[2] + tile, view[3] + tile];
    for (const box of boxes) {
      const shared = overlap(box, seen);
      if (!shared) continue;
      for (const id of tilesOf(shared, z)) found.set(`${z}/${id.x}/${id.y}`, id);
    }
  }
  return [...found.values()];
}

/** The box around a geometry's coordinates; null for none. */
export function bboxOf(geometry: GeoJSON.Geometry | null): BBox | null {
  if (!geometry) return null;
  let box: [number, number, number, number] | null = null;
  const visit = (part: unknown): void => {
    if (!Array.isArray(part)) return;
    const [x, y] = part as unknown[];
    if (typeof x === 'number' && typeof y === 'number') {
      box = box
        ? [Math.min(box[0], x), Math.min(box[1], y), Math.max(box[2], x), Math.max(box[3], y)]
        : [x, y, x, y];
    } else {
      for (const inner of part) visit(inner);
    }
  };
  if (geometry.type === 'GeometryCollection') {
    for (const part of geometry.geometries) visit('coordinates' in part ? part.coordinates : []);
  } else {
    visit(geometry.coordinates);
  }
  return box;
}
