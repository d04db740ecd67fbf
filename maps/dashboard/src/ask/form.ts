/** What may be chosen of each question, as fields whose names are those of its link. */
import { html, nothing, type TemplateResult } from 'lit';
import { until } from 'lit/directives/until.js';
import type { App } from '../app/app.ts';
import {
  GAPS,
  isOn,
  type Kind,
  listOf,
  numberOf,
  POINTS,
  pointsOf,
  type Question,
  VEHICLES,
  vehicleOf,
} from './question.ts';
import { stagesAhead } from './stages.ts';

const MINUTES = [5, 10, 15, 30, 60] as const;

export function form(app: App, question: Question): TemplateResult {
  switch (question.kind) {
    case 'coverage':
      return html`${service(app, question)}
        <label>${app.t('ask.minutes')}
          <input type="number" name="min" min="1" max="240" required list="ask-minutes" .value=${String(numberOf(question, 'min', 15, [1, 240]))} />
          <datalist id="ask-minutes">${MINUTES.map((n) => html`<option value=${n}></option>`)}</datalist>
        </label>
        ${vehicle(app, question)} ${tick(app, question, 'coming')} ${water(app, question)}
        <muang-ask-points class="wide" ?hidden=${listOf(question, 'of')[0] !== POINTS} .app=${app} .given=${pointsOf(question)}></muang-ask-points>`;
    case 'shelters':
      return html`${vehicle(app, question)} ${tick(app, question, 'wet')} ${tick(app, question, 'all')}
        <label class="tick"><input type="checkbox" name="noboat" ?checked=${question.said['boat'] === '0'} /> ${app.t('ask.noBoat')}</label>
        ${water(app, question)}`;
    case 'evacuation':
      return html`${vehicle(app, question)} ${later(app, question)} ${tick(app, question, 'all')}
        ${failedNow(question)} ${water(app, question)}`;
    case 'route_cuts':
      return html`${vehicle(app, question)}
        <label>${app.t('ask.collections')}
          <input type="number" name="n" min="0" max="365" required .value=${String(numberOf(question, 'n', 1, [0, 365]))} />
        </label>
        ${water(app, question)}`;
    case 'relief':
      return html`${vehicle(app, question)} ${water(app, question)}
        <muang-ask-points class="wide" ordered .app=${app} .given=${pointsOf(question)}></muang-ask-points>`;
    case 'revenue_gaps':
      return html`<fieldset><legend>${app.t('ask.gaps')}</legend>
        ${GAPS.map((gap) => {
          const chosen = listOf(question, 'kinds');
          return html`<label class="tick"><input type="checkbox" name="kinds" value=${gap}
            ?checked=${!chosen.some((one) => one !== 'all') || chosen.includes(gap)} /> ${app.t(`ask.gap.${gap}`)}</label>`;
        })}
      </fieldset>`;
  }
}

/** What was filled in, under the names of the link. */
export function saidOf(kind: Kind, data: FormData): Readonly<Record<string, string>> {
  const said: Record<string, string> = {};
  for (const name of ['of', 'kinds']) {
    const chosen = data.getAll(name).map(String);
    if (chosen.length) said[name] = chosen.join(',');
  }
  for (const name of ['v', 'min', 'n', 'd', 'failed', 'pts']) {
    const value = String(data.get(name) ?? '').trim();
    if (value) said[name] = value;
  }
  for (const name of ['coming', 'wet', 'all', 'later', 'dry']) {
    if (data.get(name) !== null) said[name] = '1';
  }
  if (kind === 'coverage' && said['of'] !== POINTS) delete said['pts'];
  if (data.get('noboat') !== null) said['boat'] = '0';
  // asked for all kinds, and something has to say that it was asked
  return kind === 'revenue_gaps' ? { ...said, kinds: kindsSaid(said['kinds']) } : said;
}

function kindsSaid(kinds: string | undefined): string {
  return !kinds || kinds.split(',').length === GAPS.length ? 'all' : kinds;
}

function vehicle(app: App, question: Question) {
  const now = vehicleOf(question);
  return html`<label>${app.t('ask.vehicle')}
    <select name="v">${VEHICLES.map((one) => html`<option value=${one} ?selected=${one === now}>${app.t(`ask.vehicle.${one}`)}</option>`)}</select>
  </label>`;
}

const TICKS = { coming: 'ask.coming', wet: 'ask.wet', all: 'ask.all' } as const;

function tick(app: App, question: Question, name: keyof typeof TICKS) {
  return html`<label class="tick"><input type="checkbox" name=${name} ?checked=${isOn(question, name)} /> ${app.t(TICKS[name])}</label>`;
}

/** With the flood that is chosen above, or on a dry day; of a drawn one nobody knows how deep. */
function water(app: App, question: Question) {
  const { water: chosen } = app.store.state;
  if (!chosen) return html`<p class="wide paper">${app.t('ask.noWater')}</p>`;
  return html`<label class="tick"><input type="checkbox" name="dry" ?checked=${isOn(question, 'dry')} /> ${app.t('ask.dry')}</label>
    ${
      chosen.kind === 'drawn'
        ? html`<label>${app.t('ask.depth')}
            <input type="number" name="d" min="0" max="50" step="0.1" .value=${question.said['d'] ?? '0.5'} />
          </label>`
        : nothing
    }`;
}

/** Without water to come nobody knows when roads are cut. */
function later(app: App, question: Question) {
  const stages = stagesAhead(app.store.state);
  return stages.length
    ? html`<label class="tick"><input type="checkbox" name="later" ?checked=${isOn(question, 'later')} /> ${app.t('ask.later', { n: stages.length })}</label>`
    : html`<p class="wide paper">${app.t('ask.noLater')}</p>`;
}

/** Boats that cannot go stay out while other things are chosen anew. */
function failedNow(question: Question) {
  return html`<input type="hidden" name="failed" .value=${question.said['failed'] ?? ''} />`;
}

/** Shelters, or facilities of one kind, in the words of their layer. */
function service(app: App, question: Question) {
  const [now] = listOf(question, 'of');
  const { lang, me } = app.store.state;
  const option = (value: string, label: string) =>
    html`<option value=${value} ?selected=${value === (now ?? 'open')}>${label}</option>`;
  const kinds = async () => {
    if (!me.value?.layers.includes('facilities')) return nothing;
    const { properties } = await app.api.schema('facilities', lang);
    const labels = properties['kind']?.['x-enumLabels'] ?? {};
    return html`<optgroup label=${app.layerTitle('facilities')}>
      ${Object.entries(labels).map(([value, label]) => option(value, label))}
    </optgroup>`;
  };
  return html`<label>${app.t('ask.service')}
    <select name="of" @change=${setByHand}>
      ${option('open', app.t('ask.sheltersOpen'))} ${option('all', app.t('ask.sheltersAll'))}
      ${option(POINTS, app.t('ask.byPoints'))} ${until(kinds(), nothing)}
    </select>
  </label>`;
}

/** Places are asked for where they are the service, and nowhere else. */
function setByHand(event: Event): void {
  const { form: of, value } = event.target as HTMLSelectElement;
  const points = of?.querySelector<HTMLElement>('muang-ask-points');
  if (points) points.hidden = value !== POINTS;
}
