/** Marker images: the style names them by how they look, and the page draws them. */

const NAME = /^muang-([a-z]+)-([0-9a-f]{6})-([0-9a-f]{6}|none)-(\d+)$/;
/** Shapes are SVG path data in a box of this many units. */
export const BOX = 24;
const OUTLINE_PX = 1.25;
const MARGIN_PX = 2;

export interface Marker {
  readonly shape: string;
  readonly fill: string;
  readonly outline: string | null;
  /** CSS pixels. */
  readonly diameter: number;
}

/** What an image id asks for; null when it is not one of ours. */
export function parseMarker(id: string): Marker | null {
  const [, shape, fill, outline, diameter] = NAME.exec(id) ?? [];
  if (!shape || !fill || !outline || !diameter) return null;
  return {
    shape,
    fill: `#${fill}`,
    outline: outline === 'none' ? null : `#${outline}`,
    diameter: Number(diameter),
  };
}

/** Draws a marker; the outline lies outside the shape. */
export function drawMarker(
  marker: Marker,
  path: string,
  ratio: number,
): { readonly image: ImageData; readonly ratio: number } | null {
  const side = Math.ceil((marker.diameter + 2 * MARGIN_PX) * ratio);
  const canvas = document.createElement('canvas');
  canvas.width = side;
  canvas.height = side;
  // in main memory: reading each one back from the graphics card stops the page for a frame
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) return null;
  context.scale(ratio, ratio);
  context.translate(MARGIN_PX, MARGIN_PX);
  context.scale(marker.diameter / BOX, marker.diameter / BOX);
  const shape = new Path2D(path);
  if (marker.outline) {
    context.strokeStyle = marker.outline;
    context.lineWidth = (2 * OUTLINE_PX * BOX) / marker.diameter;
    context.lineJoin = 'round';
    context.stroke(shape);
  }
  context.fillStyle = marker.fill;
  context.fill(shape);
  return { image: context.getImageData(0, 0, side, side), ratio };
}
