/** Legend pictures of a class, with SVG attributes only: the page's CSP allows no inline styles. */
import { html, svg, type TemplateResult } from 'lit';
import type { LegendClass } from '../api/types.ts';
import { BOX } from '../map/markers.ts';

const WIDTH = 26;
const HEIGHT = 18;
const MAX_MARKER = 15;
const MAX_LINE = 7;

export function swatch(
  look: LegendClass,
  shapes: Readonly<Record<string, string>>,
): TemplateResult {
  const inner =
    look.kind === 'fill'
      ? fillSwatch(look)
      : look.kind === 'line'
        ? lineSwatch(look)
        : markerSwatch(look, shapes[look.shape ?? 'circle'] ?? shapes['circle'] ?? '');
  return html`<svg
    class="swatch"
    viewBox="0 0 ${WIDTH} ${HEIGHT}"
    width=${WIDTH}
    height=${HEIGHT}
    aria-hidden="true"
    focusable="false"
  >
    ${inner}
  </svg>`;
}

function fillSwatch({ color, outline }: LegendClass) {
  return svg`<rect x="2" y="2" width=${WIDTH - 4} height=${HEIGHT - 4} rx="1.5"
    fill=${color} stroke=${outline ?? '#6b7884'} stroke-width="1" />`;
}

function lineSwatch({ color, outline, size, dash }: LegendClass) {
  const width = Math.min(MAX_LINE, Math.max(1.5, size ?? 2));
  const y = HEIGHT / 2;
  const pattern = (dash ?? []).map((length) => length * width).join(' ');
  return svg`${
    outline
      ? svg`<line x1="1" x2=${WIDTH - 1} y1=${y} y2=${y} stroke=${outline} stroke-width=${width + 1.8} />`
      : null
  }<line x1="1" x2=${WIDTH - 1} y1=${y} y2=${y} stroke=${color} stroke-width=${width}
    stroke-dasharray=${pattern || 'none'} />`;
}

function markerSwatch({ color, outline, size }: LegendClass, path: string) {
  const diameter = Math.min(MAX_MARKER, Math.max(7, size ?? 10));
  const scale = diameter / BOX;
  const x = (WIDTH - diameter) / 2;
  const y = (HEIGHT - diameter) / 2;
  // a white outline would vanish on the white list; a grey one shows where the shape ends
  const edge = outline && outline.toLowerCase() !== '#ffffff' ? outline : '#55626e';
  return svg`<path d=${path} transform="translate(${x} ${y}) scale(${scale})" fill=${color}
    stroke=${edge} stroke-width=${1.2 / scale} stroke-linejoin="round" paint-order="stroke" />`;
}
