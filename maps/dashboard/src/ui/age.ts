import { html, nothing, type TemplateResult } from 'lit';
import type { Age } from '../api/types.ts';
import type { Text } from '../i18n/index.ts';

const DAY_MS = 86_400_000;

/** How old a layer's data are, in the server's words: a stale layer has a sign and a word. */
export function age(
  told: Age | undefined,
  text: (words: Text) => string,
): TemplateResult | typeof nothing {
  if (!told || told.state === 'empty') return nothing;
  return html`<p class="age" data-state=${told.state}>${text(told.says)}</p>`;
}

/** Whether data of a time were older than expected at another; never without an expectation. */
export function staleAt(
  asOf: string | null,
  expectedDays: number | null | undefined,
  at: string,
): boolean {
  if (!asOf || expectedDays == null) return false;
  return Date.parse(at) - Date.parse(asOf) > expectedDays * DAY_MS;
}
