/** What is asked when something is recorded: who signed, as what, on what paper, and when. */
import { html, nothing } from 'lit';
import type { App } from '../app/app.ts';
import { dateTime } from '../format.ts';
import { wordOf } from './story.ts';
import type { Signed } from './types.ts';

const KINDS = ['flood', 'flash_flood', 'storm', 'tide', 'other'] as const;

/** Name and kind of a new event. */
export function opening(app: App) {
  return html`<label>${app.t('event.name')} <input name="name" required maxlength="500" autocomplete="off" /></label>
    <label>${app.t('event.kind')}
      <select name="kind">${KINDS.map((kind) => html`<option value=${kind}>${app.t(`event.kind.${kind}`)}</option>`)}</select>
    </label>`;
}

/** Fields of who signed; of an announcement also when and where. The time is read back in words. */
export function signing(
  app: App,
  { required, paper }: { readonly required: boolean; readonly paper?: boolean },
  moment: string,
  typed: (moment: string) => void,
) {
  const { lang, eventSettings } = app.store.state;
  const seats = eventSettings?.seats ?? [];
  return html`<label>${app.t('event.signer')} <input name="signer" ?required=${required} maxlength="500" autocomplete="off" /></label>
    <label>${app.t('event.seat')} <input name="seat" list="seats" maxlength="500" autocomplete="off" />
      <datalist id="seats">${seats.map((seat) => html`<option value=${wordOf(seat, lang)}></option>`)}</datalist>
    </label>
    <label>${app.t('event.document')} <input name="document_no" maxlength="500" autocomplete="off" /></label>
    ${
      paper
        ? html`<label>${app.t('event.signedAt')}
            <input type="datetime-local" name="signed_at" .value=${moment}
              @input=${(event: Event) => typed((event.target as HTMLInputElement).value)} />
            ${moment ? html`<output>${dateTime(moment, lang)}</output>` : nothing}
          </label>
          <label>${app.t('event.area')} <input name="area" maxlength="500" autocomplete="off" /></label>`
        : nothing
    }
    ${required ? html`<label>${app.t('event.remark')} <input name="note" maxlength="4000" autocomplete="off" /></label>` : nothing}`;
}

/** One field's text. */
export function chosen(form: FormData, name: string): string {
  return String(form.get(name) ?? '').trim();
}

/** What was filled in of who signed; times with their zone. */
export function fields(form: FormData): Signed {
  const names = ['signer', 'seat', 'document_no', 'area', 'note'] as const;
  const said = Object.fromEntries(
    names.map((name) => [name, chosen(form, name)] as const).filter(([, value]) => value),
  );
  const at = chosen(form, 'signed_at');
  return at ? { ...said, signed_at: new Date(at).toISOString() } : said;
}

/** Signer, seat, document number, time of signing, place and who recorded it; what is known. */
export function paperOf(app: App, signed: Signed & { readonly by_name?: string | null }): string[] {
  const { lang } = app.store.state;
  const { signer, seat, document_no, signed_at, area, by_name } = signed;
  return [
    signer,
    seat,
    document_no && app.t('event.paper', { no: document_no }),
    signed_at && app.t('event.signedOn', { time: dateTime(signed_at, lang) }),
    area,
    by_name && app.t('event.recordedBy', { name: by_name }),
  ].filter((part): part is string => Boolean(part));
}
