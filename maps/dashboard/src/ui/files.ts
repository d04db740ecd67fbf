import { html, type TemplateResult } from 'lit';
import type { Lang } from '../i18n/index.ts';
import { say } from '../i18n/index.ts';
import { FORMATS, fileHref } from '../table/files.ts';
import { icon } from './icons.ts';

/** A menu of the kinds of file a layer can be taken home as; Escape closes it. */
export function filesMenu(layer: string, title: string, lang: Lang): TemplateResult {
  const label = say(lang, 'table.files');
  return html`<details class="files" @keydown=${closeByKey} @focusout=${left} @click=${chosen}>
    <summary class="plain" aria-label=${label} title=${label}>${icon('download')}</summary>
    <ul class="card">
      ${FORMATS.map(
        ([suffix, format]) =>
          html`<li>
            <a
              href=${fileHref(layer, suffix, lang)}
              download
              aria-label=${say(lang, 'table.file', { layer: title, format })}
              >${format}</a
            >
          </li>`,
      )}
    </ul>
  </details>`;
}

function closeByKey(event: KeyboardEvent): void {
  const menu = event.currentTarget as HTMLDetailsElement;
  if (event.key !== 'Escape' || !menu.open) return;
  event.stopPropagation();
  menu.open = false;
  menu.querySelector('summary')?.focus();
}

function left(event: FocusEvent): void {
  const menu = event.currentTarget as HTMLDetailsElement;
  if (event.relatedTarget && !menu.contains(event.relatedTarget as Node)) menu.open = false;
}

function chosen(event: Event): void {
  if (event.target instanceof HTMLAnchorElement) {
    (event.currentTarget as HTMLDetailsElement).open = false;
  }
}
