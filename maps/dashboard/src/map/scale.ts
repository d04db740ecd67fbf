/** A scale bar's length: a round distance that fits. Pure. */
const EARTH_M = 40_075_016.686;
const TILE_PX = 512;

export function metresPerPixel(latitude: number, zoom: number): number {
  return (EARTH_M * Math.cos((latitude * Math.PI) / 180)) / (TILE_PX * 2 ** zoom);
}

/** The largest 1, 2 or 5 × 10ⁿ metres not wider than `room` pixels. */
export function scaleBar(
  latitude: number,
  zoom: number,
  room: number,
): { readonly metres: number; readonly pixels: number } {
  const perPixel = metresPerPixel(latitude, zoom);
  const most = perPixel * room;
  const power = 10 ** Math.floor(Math.log10(most));
  const metres = [5, 2, 1].map((step) => step * power).find((step) => step <= most) ?? power;
  return { metres, pixels: metres / perPixel };
}
