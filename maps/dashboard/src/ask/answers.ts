/** Each answer as figures and tables; a row leads to its place on the map and to its record. */
import { html, nothing, type TemplateResult } from 'lit';
import type {
  CountsByReach,
  CoverageAnswer,
  RevenueGapsAnswer,
  RouteCutsAnswer,
  SheltersAnswer,
} from '../api/types.gen.ts';
import type { App } from '../app/app.ts';
import { floodArea, length, number, span } from '../format.ts';
import type { MessageKey } from '../i18n/index.ts';
import { type Answer, LOOKS, type Meaning } from './drawn.ts';
import { evacuation } from './evacuation.ts';
import type { Copy } from './panel.ts';
import { GAPS, PAGE, type Placed } from './question.ts';
import { relief } from './relief.ts';

/** What the answers' parts do when something of them is chosen. */
export interface Hands {
  readonly chosen: string;
  readonly choose: (key: string, at?: readonly [number, number] | null) => void;
  /** Rows of each table drawn at once. */
  readonly shown: number;
  readonly more: () => void;
  readonly page: number;
  readonly turn: (from: number) => void;
  /** Teams that cannot go; `fail` asks again without them. */
  readonly failed: string;
  readonly fail: ((teams: readonly string[]) => void) | null;
  /** Places of the question that were set by hand. */
  readonly points: readonly Placed[];
  readonly copies: readonly Copy[];
  readonly print: (team: string | null) => void;
}

export function asTold(app: App, answer: Answer, hands: Hands): TemplateResult {
  switch (answer.kind) {
    case 'coverage':
      return coverage(app, answer, hands);
    case 'shelters':
      return shelters(app, answer, hands);
    case 'evacuation':
      return evacuation(app, answer, hands);
    case 'route_cuts':
      return hands.points.length > 0 ? relief(app, answer, hands) : cuts(app, answer, hands);
    case 'revenue_gaps':
      return gaps(app, answer, hands);
  }
}

export interface Column {
  readonly title: string;
  readonly number?: boolean;
}

/** A table in a box that scrolls by keys too: so many rows at once, the others when asked for. */
export function table<T>(
  app: App,
  hands: Hands,
  title: string,
  columns: readonly Column[],
  all: readonly T[],
  row: (one: T) => TemplateResult,
  open: boolean,
): TemplateResult | typeof nothing {
  if (all.length === 0) return nothing;
  const left = all.length - hands.shown;
  return html`<details class="ask-table" ?open=${open}>
    <summary>${title}</summary>
    <div class="scroll" tabindex="0" role="group" aria-label=${title}>
      <table class="numbers">
        <thead><tr>${columns.map(({ title: head, number: right }) => html`<th scope="col" class=${right ? 'num' : ''}>${head}</th>`)}</tr></thead>
        <tbody>${all.slice(0, hands.shown).map(row)}</tbody>
      </table>
    </div>
    ${left > 0 ? html`<button type="button" class="link" @click=${hands.more}>${app.t('ask.more', { n: number(left, app.store.state.lang) })}</button>` : nothing}
  </details>`;
}

/** A row's name, which leads to its place. */
export function place(
  key: string,
  label: string,
  hands: Hands,
  at?: readonly [number, number] | null,
): TemplateResult {
  return at
    ? html`<button type="button" class="link" @click=${() => hands.choose(key, at)}>${label}</button>`
    : html`${label}`;
}

export function figure(label: string, value: string, more = ''): TemplateResult {
  return html`<li><span>${label}</span> <b>${value}</b> ${more ? html`<small>${more}</small>` : nothing}</li>`;
}

/** What the map's lines and places mean: a sample of each beside its word. */
export function key(app: App, meanings: readonly (readonly [Meaning, string, 'line' | 'point'])[]) {
  return html`<ul class="ask-key" aria-label=${app.t('ask.key')}>
    ${meanings.map(([meaning, label, shape]) => {
      const { color, width, dashed } = LOOKS[meaning];
      const ink = meaning === 'off' ? '#15202b' : color;
      return html`<li>
        <svg width="26" height="14" aria-hidden="true">
          ${
            shape === 'line'
              ? html`<svg><line x1="1" y1="7" x2="25" y2="7" stroke=${color} stroke-width=${width} stroke-dasharray=${dashed ? '5 3' : 'none'} /></svg>`
              : html`<svg><circle cx="13" cy="7" r="5.5" fill=${color} stroke=${ink} stroke-width="1.5" /></svg>`
          }
        </svg>${label}
      </li>`;
    })}
  </ul>`;
}

/** The roads as this vehicle finds them; a default nobody set is said. */
export function roads(app: App, { vehicle, roads: of }: Pick<SheltersAnswer, 'vehicle' | 'roads'>) {
  const { lang } = app.store.state;
  const wades = Number.isFinite(vehicle.wades_m) ? number(vehicle.wades_m, lang, 2) : '';
  const barred = of.too_deep_m + of.closed_m + of.depth_unknown_m;
  return html`<p class="paper">${app.t('ask.by', { name: app.text(vehicle.title), m: wades })}
    ${vehicle.wades_default ? app.t('ask.byDefault') : ''} ·
    ${app.t('ask.roads', {
      barred: length(barred, lang),
      all: length(of.length_m, lang),
      deep: length(of.too_deep_m, lang),
      closed: length(of.closed_m, lang),
    })}</p>`;
}

const REACHES = ['all', 'within', 'far', 'unreachable', 'no_location'] as const;

function coverage(app: App, answer: CoverageAnswer, hands: Hands): TemplateResult {
  const { lang } = app.store.state;
  const { people, households, communities, outside, services, by_age } = answer;
  const n = (value: number) => number(value, lang);
  const serve = services.filter(({ status }) => status === 'serves').length;
  // null: people nobody has ever counted, which is not nobody
  const cells = (of: CountsByReach | null) =>
    REACHES.map((reach) => html`<td class="num">${of ? n(of[reach]) : app.t('ask.unknown')}</td>`);
  const heads = REACHES.map((name) => ({
    title: app.t(`ask.reach.${name}`),
    number: true,
  }));
  return html`
    <ul class="ask-figures">
      ${
        people && households
          ? html`${figure(app.t('ask.outside', { n: answer.within_min }), n(people.all - people.within), app.t('ask.ofPeople', { n: n(people.all) }))}
            ${figure(app.t('ask.reach.far'), n(people.far))}
            ${figure(app.t('ask.reach.unreachable'), n(people.unreachable))}
            ${figure(app.t('ask.reach.no_location'), n(people.no_location))}`
          : households
            ? figure(app.t('ask.outside', { n: answer.within_min }), app.t('ask.unknown'))
            : nothing
      }
      ${figure(app.t('ask.serving'), n(serve), app.t('ask.ofServices', { n: n(services.length) }))}
    </ul>
    ${roads(app, answer)}
    ${key(app, [
      ['good', app.t('ask.road.within', { n: answer.within_min }), 'line'],
      ['far', app.t('ask.road.far'), 'line'],
      ['lost', app.t('ask.road.unreachable'), 'line'],
      ['barred', app.t('ask.road.barred'), 'line'],
      ['place', app.t('ask.serves'), 'point'],
      ['off', app.t('ask.servesNot'), 'point'],
    ])}
    ${table(
      app,
      hands,
      app.t('ask.byCommunity'),
      [{ title: app.t('ask.community') }, ...heads],
      [...(communities ?? [])],
      ({ community, people: of }) =>
        html`<tr><th scope="row">${community ?? app.t('ask.noCommunity')}</th>${cells(of)}</tr>`,
      true,
    )}
    ${table(
      app,
      hands,
      app.t('flood.byAge'),
      [{ title: app.t('ask.ages') }, ...heads],
      Object.entries(by_age ?? {}),
      ([age, of]) => html`<tr><th scope="row">${age}</th>${cells(of)}</tr>`,
      false,
    )}
    ${table(
      app,
      hands,
      app.t('ask.services', { n: n(services.length) }),
      [{ title: app.t('ask.service') }, { title: app.t('ask.state') }],
      services,
      ({
        code,
        name,
        status,
        at,
      }) => html`<tr data-key=${code} ?data-chosen=${hands.chosen === code}>
          <th scope="row">${place(code, name ?? code, hands, at)}</th>
          <td>${app.t(`ask.status.${status}` as MessageKey)}</td>
        </tr>`,
      false,
    )}
    <div class="personal">${table(
      app,
      hands,
      app.t('ask.listed', { n: n(outside?.length ?? 0) }),
      [
        { title: app.t('ask.household') },
        { title: app.t('ask.people'), number: true },
        { title: app.t('ask.state') },
        { title: app.t('ask.minutesNeeded'), number: true },
      ],
      outside ?? [],
      ({ household, community, people: many, status, minutes }) => html`<tr>
          <th scope="row">${found(app, 'households', household)}<small>${community ?? ''}</small></th>
          <td class="num">${many === null ? app.t('ask.unknown') : n(many)}</td>
          <td>${app.t(`ask.reach.${status}`)}</td>
          <td class="num">${minutes === null ? '–' : number(minutes, lang, 1)}</td>
        </tr>`,
      false,
    )}</div>`;
}

/** A code that leads to its record. */
export function found(app: App, layer: string, code: string): TemplateResult {
  const open = async () => {
    const { lang } = app.store.state;
    try {
      const page = await app.api.items(layer, lang, { limit: 1, bare: true, where: { code } });
      const [one] = page.features;
      if (one) app.record.open(layer, String(one.id));
    } catch (error) {
      app.complain('ask-record', error);
    }
  };
  return html`<button type="button" class="link" @click=${open}>${code}</button>`;
}

function shelters(app: App, answer: SheltersAnswer, hands: Hands): TemplateResult {
  const { lang } = app.store.state;
  const n = (value: number) => number(value, lang);
  const { people, communities, listed } = answer;
  const status = (name: string) => app.t(`ask.status.${name}` as MessageKey);
  return html`
    ${
      people
        ? html`<ul class="ask-figures">
            ${figure(app.t('ask.placed'), n(people.road + people.boat), app.t('ask.ofPeople', { n: n(people.all) }))}
            ${figure(app.t('ask.placed.road'), n(people.road))}
            ${figure(app.t('ask.placed.boat'), n(people.boat))}
            ${figure(app.t('ask.placed.no_place'), n(people.no_place))}
            ${figure(app.t('ask.placed.unreachable'), n(people.unreachable))}
            ${people.no_location ? figure(app.t('ask.placed.no_location'), n(people.no_location)) : nothing}
          </ul>`
        : nothing
    }
    ${roads(app, answer)}
    ${key(app, [
      ['place', app.t('ask.status.takes'), 'point'],
      ['off', app.t('ask.takesNot'), 'point'],
      ['far', app.t('ask.landing'), 'point'],
    ])}
    ${table(
      app,
      hands,
      app.t('ask.shelters', { n: n(answer.shelters.length) }),
      [
        { title: app.t('ask.shelter') },
        { title: app.t('ask.state') },
        ...(people
          ? [
              { title: app.t('ask.free'), number: true },
              { title: app.t('ask.sent'), number: true },
            ]
          : []),
      ],
      answer.shelters,
      ({
        code,
        name,
        status: is,
        at,
        free,
        placed,
      }) => html`<tr data-key=${code} ?data-chosen=${hands.chosen === code}>
          <th scope="row">${place(code, name ?? code, hands, at)}</th>
          <td>${status(is)}</td>
          ${people ? html`<td class="num">${free == null ? '–' : n(free)}</td><td class="num">${placed == null ? '–' : n(placed)}</td>` : nothing}
        </tr>`,
      true,
    )}
    ${table(
      app,
      hands,
      app.t('ask.whoGoes'),
      [
        { title: app.t('ask.community') },
        { title: app.t('ask.shelter') },
        { title: app.t('ask.state') },
        { title: app.t('ask.people'), number: true },
        { title: app.t('ask.households'), number: true },
      ],
      communities ?? [],
      ({ community, shelter, status: is, people: many, households }) => html`<tr>
          <th scope="row">${community ?? app.t('ask.noCommunity')}</th>
          <td>${shelter ?? '–'}</td><td>${app.t(`ask.placed.${is}`)}</td>
          <td class="num">${n(many)}</td><td class="num">${n(households)}</td>
        </tr>`,
      false,
    )}
    ${table(
      app,
      hands,
      app.t('ask.notByRoad', { n: n(listed?.length ?? 0) }),
      [
        { title: app.t('ask.household') },
        { title: app.t('ask.people'), number: true },
        { title: app.t('ask.state') },
        { title: app.t('ask.shelter') },
      ],
      listed ?? [],
      ({
        household,
        community,
        people: many,
        status: is,
        shelter,
        landing,
        not_accessible,
      }) => html`<tr data-key=${household} ?data-chosen=${hands.chosen === household}>
          <th scope="row">${found(app, 'households', household)} <small>${community ?? ''}</small></th>
          <td class="num">${n(many)}</td>
          <td>${landing ? place(household, app.t(`ask.placed.${is}`), hands, landing) : app.t(`ask.placed.${is}`)}${not_accessible ? html`<small>${app.t('ask.notAccessible')}</small>` : nothing}</td>
          <td>${shelter ?? '–'}</td>
        </tr>`,
      false,
    )}`;
}

function cuts(app: App, answer: RouteCutsAnswer, hands: Hands): TemplateResult {
  const { lang } = app.store.state;
  const n = (value: number) => number(value, lang);
  const { routes } = answer;
  const lost = routes.reduce((sum, route) => sum + route.lost.length, 0);
  const all = routes.reduce((sum, route) => sum + route.lost.length + route.served.length, 0);
  const accounts = routes.some((route) => 'accounts_lost' in route);
  const known = (value: number | null | undefined) =>
    value === null || value === undefined ? app.t('ask.unknown') : n(value);
  return html`
    <ul class="ask-figures">
      ${figure(app.t('ask.stopsLost'), n(lost), app.t('ask.ofStops', { n: n(all) }))}
      ${figure(app.t('ask.routesCut'), n(routes.filter((route) => route.lost.length > 0).length), app.t('ask.ofRoutes', { n: n(routes.length) }))}
    </ul>
    ${roads(app, answer)}
    ${table(
      app,
      hands,
      app.t('ask.routes', { n: n(routes.length) }),
      [
        { title: app.t('ask.route') },
        { title: app.t('ask.served'), number: true },
        { title: app.t('ask.lost'), number: true },
        { title: app.t('ask.wayLeft'), number: true },
        ...(accounts ? [{ title: app.t('ask.backlog'), number: true }] : []),
      ],
      routes,
      ({ route, served, lost: gone, metres, seconds, line, backlog }) => {
        const first = firstOf(line);
        return html`<tr data-key=${route} ?data-chosen=${hands.chosen === route}>
          <th scope="row">${place(route, route, hands, first)}
            ${gone.length ? html`<details class="lost-stops"><summary>${app.t('ask.lostStops', { n: n(gone.length) })}</summary>${gone.join(', ')}</details>` : nothing}</th>
          <td class="num">${n(served.length)}</td>
          <td class="num">${n(gone.length)}</td>
          <td class="num">${line ? `${length(metres, lang)} · ${span(seconds, lang)}` : '–'}</td>
          ${accounts ? html`<td class="num">${known(backlog)}</td>` : nothing}
        </tr>`;
      },
      true,
    )}`;
}

/** Where a line begins. */
function firstOf(line: Readonly<Record<string, unknown>> | null): readonly [number, number] | null {
  let at: unknown = line?.['coordinates'];
  while (Array.isArray(at) && Array.isArray(at[0])) at = at[0];
  return Array.isArray(at) ? [Number(at[0]), Number(at[1])] : null;
}

function gaps(app: App, answer: RevenueGapsAnswer, hands: Hands): TemplateResult {
  const { lang } = app.store.state;
  const n = (value: number) => number(value, lang);
  const { parcels, matched, waste } = answer;
  const known = (value: number | null) => (value === null ? '–' : n(value));
  const last = hands.page + parcels.length;
  return html`
    <ul class="ask-figures">
      ${figure(app.t('ask.matched'), n(matched))}
      ${waste.known ? figure(app.t('ask.wasteMissing'), n(waste.missing ?? 0), app.t('ask.atStops', { n: n(waste.stops ?? 0) })) : nothing}
    </ul>
    ${key(app, [
      ['place', app.t('ask.parcel'), 'point'],
      ['far', app.t('ask.stop'), 'point'],
    ])}
    ${table(
      app,
      hands,
      app.t('ask.byGap'),
      [
        { title: app.t('ask.gaps') },
        { title: app.t('ask.parcels'), number: true },
        { title: app.t('ask.area'), number: true },
        { title: app.t('ask.value'), number: true },
      ],
      GAPS.flatMap((gap) => {
        const of = answer.gaps[gap];
        return of ? [{ gap, of }] : [];
      }),
      ({ gap, of }) => html`<tr data-gap=${gap}><th scope="row">${app.t(`ask.gap.${gap}`)}</th>
            ${
              of.known
                ? html`<td class="num">${known(of.parcels)}</td>
                  <td class="num">${of.area_m2 === null ? '–' : floodArea(of.area_m2, lang).rai}</td>
                  <td class="num">${known(of.appraised_value)}${of.value_unknown ? html`<small>${app.t('ask.valueUnknown', { n: n(of.value_unknown) })}</small>` : nothing}</td>`
                : html`<td colspan="3">${app.t('ask.notKnown')}</td>`
            }</tr>`,
      true,
    )}
    ${table(
      app,
      hands,
      app.t('ask.parcelsListed', {
        from: n(parcels.length ? hands.page + 1 : 0),
        to: n(last),
        all: n(matched),
      }),
      [
        { title: app.t('ask.parcel') },
        { title: app.t('ask.missing') },
        { title: app.t('ask.value'), number: true },
      ],
      parcels,
      ({ id, parcel, address, at, gaps: lacks, appraised_value }) => {
        const row = `parcels ${id}`;
        const open = () => {
          hands.choose(row, at);
          app.record.open('parcels', String(id));
        };
        return html`<tr data-key=${row} ?data-chosen=${hands.chosen === row}>
          <th scope="row"><button type="button" class="link" @click=${open}>${parcel ?? `#${id}`}</button> <small>${address ?? ''}</small></th>
          <td>${lacks.map(({ why }) => html`<span class="why">${app.text(why)}</span>`)}</td>
          <td class="num">${known(appraised_value)}</td>
        </tr>`;
      },
      true,
    )}
    <div class="ask-pages">
      <button type="button" class="chip-button" ?disabled=${hands.page === 0} @click=${() => hands.turn(Math.max(0, hands.page - PAGE))}>${app.t('ask.before')}</button>
      <button type="button" class="chip-button" ?disabled=${last >= matched} @click=${() => hands.turn(hands.page + PAGE)}>${app.t('ask.after')}</button>
    </div>
    ${table(
      app,
      hands,
      app.t('ask.wasteStops', { n: n(waste.listed?.length ?? 0) }),
      [
        { title: app.t('ask.stop') },
        { title: app.t('ask.houses'), number: true },
        { title: app.t('ask.accounts'), number: true },
        { title: app.t('ask.missing'), number: true },
      ],
      waste.listed ?? [],
      ({
        stop,
        route,
        at,
        houses,
        accounts,
        missing,
      }) => html`<tr data-key=${stop} ?data-chosen=${hands.chosen === stop}>
          <th scope="row">${place(stop, stop, hands, at)} <small>${route}</small></th>
          <td class="num">${n(houses)}</td><td class="num">${n(accounts)}</td><td class="num">${n(missing)}</td>
        </tr>`,
      false,
    )}`;
}
