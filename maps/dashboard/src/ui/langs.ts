import { html } from 'lit';
import { LANGS, type Lang } from '../i18n/index.ts';

const NAMES: Record<Lang, { short: string; long: string }> = {
  th: { short: 'ไทย', long: 'ภาษาไทย' },
  en: { short: 'EN', long: 'English' },
};

/** Thai or English: one button each, the language of the page pressed. */
export function langSwitch(now: Lang, label: string, choose: (lang: Lang) => void) {
  return html`<div class="langs" role="group" aria-label=${label}>
    ${LANGS.map(
      (lang) => html`<button
        type="button"
        lang=${lang}
        title=${NAMES[lang].long}
        aria-pressed=${now === lang}
        @click=${() => choose(lang)}
      >
        ${NAMES[lang].short}
      </button>`,
    )}
  </div>`;
}
