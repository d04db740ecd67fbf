/** How many lie how deep, as one bar in the map's own depth colours. The words stand below it. */
import { html, svg } from 'lit';
import type { LegendClass } from '../api/types.ts';

const WIDTH = 300;
const HEIGHT = 10;
const UNKNOWN = '#8c98a4';

type Look = (code: string) => LegendClass | undefined;

export function depthBar(
  parts: readonly { readonly code: string; readonly value: number }[],
  look: Look,
) {
  const total = parts.reduce((sum, { value }) => sum + value, 0);
  let at = 0;
  const pieces = parts.map(({ code, value }) => {
    const x = at;
    const width = (value / total) * WIDTH;
    at += width;
    return svg`<rect x=${x} width=${width} height=${HEIGHT}
      fill=${look(code)?.color ?? UNKNOWN} stroke="#6b7884" stroke-width="1"
      vector-effect="non-scaling-stroke" />`;
  });
  return html`<svg
    class="depth-bar"
    viewBox="0 0 ${WIDTH} ${HEIGHT}"
    preserveAspectRatio="none"
    aria-hidden="true"
    focusable="false"
  >
    ${pieces}
  </svg>`;
}

export function dot(look: LegendClass | undefined) {
  return html`<svg class="dot" viewBox="0 0 10 10" aria-hidden="true" focusable="false">
    <rect x="0.5" y="0.5" width="9" height="9" fill=${look?.color ?? UNKNOWN} stroke="#6b7884" />
  </svg>`;
}
