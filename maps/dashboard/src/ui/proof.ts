import { html, nothing } from 'lit';
import type { Provenance } from '../api/types.ts';
import type { App } from '../app/app.ts';
import { dateTime, number } from '../format.ts';
import { staleAt } from './age.ts';
import { icon } from './icons.ts';

/** What every answer says of itself. */
interface Proven {
  readonly id: string;
  readonly computed_at: string;
  readonly provenance: readonly Provenance[];
}

/** What the numbers rest on: the answer's number, and each layer's version, day and source. */
export function proof(app: App, answer: Proven) {
  const { lang } = app.store.state;
  return html`<details class="proof">
    <summary>${app.t('flood.proof')}</summary>
    <p class="proof-id">
      ${app.t('flood.id')} <code>${answer.id}</code>
      <button type="button" class="plain" @click=${() => copy(app, answer.id)}
        aria-label=${app.t('flood.copy')} title=${app.t('flood.copy')}>
        ${icon('copy')}
      </button>
    </p>
    <div class="scroll" tabindex="0" role="group" aria-label=${app.t('flood.proof')}>
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col">${app.t('flood.layer')}</th>
            <th scope="col" class="num">${app.t('flood.version')}</th>
            <th scope="col">${app.t('flood.asOf')}</th>
          </tr>
        </thead>
        <tbody>
          ${answer.provenance.map(
            ({ layer, version, as_of, source, expected_days }) => html`<tr>
              <th scope="row">${app.layerTitle(layer)}</th>
              <td class="num">${number(version, lang)}</td>
              <td>
                ${as_of ? dateTime(as_of, lang) : nothing}
                ${
                  staleAt(as_of, expected_days, answer.computed_at)
                    ? html`<span class="source">
                      ${icon('warn')} ${app.t('flood.stale', { n: number(expected_days ?? 0, lang) })}
                    </span>`
                    : nothing
                }
                ${source ? html`<span class="source">${source}</span>` : nothing}
              </td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}

async function copy(app: App, text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    app.toast({ key: 'copied', text: app.t('flood.copied'), good: true });
  } catch {
    // the number is on the screen to be read
  }
}
