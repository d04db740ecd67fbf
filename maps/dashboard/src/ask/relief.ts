/** A relief round over the roads that are left: its stops in order, those lost, as a table and CSV. */
import { html, nothing, type TemplateResult } from 'lit';
import type { RouteCutsAnswer } from '../api/types.gen.ts';
import type { App } from '../app/app.ts';
import { length, number, span } from '../format.ts';
import { figure, type Hands, key, place, roads, table } from './answers.ts';
import type { Placed } from './question.ts';

export interface Call {
  readonly n: number | null;
  readonly name: string;
  readonly at: readonly [number, number] | null;
}

/** The stops as they are called at, then those no road leads to. Pure. */
export function calls(answer: RouteCutsAnswer, points: readonly Placed[]): Call[] {
  const at = new Map(points.map((point) => [point.name, point.at]));
  return answer.routes.flatMap(({ served, lost }) => [
    ...served.map((name, n) => ({ n: n + 1, name, at: at.get(name) ?? null })),
    ...lost.map((name) => ({ n: null, name, at: at.get(name) ?? null })),
  ]);
}

export function relief(app: App, answer: RouteCutsAnswer, hands: Hands): TemplateResult {
  const { lang } = app.store.state;
  const n = (value: number) => number(value, lang);
  const stops = calls(answer, hands.points);
  const lost = stops.filter((stop) => stop.n === null).length;
  const [round] = answer.routes;
  return html`
    <ul class="ask-figures">
      ${figure(app.t('ask.callsLost'), n(lost), app.t('ask.ofStops', { n: n(stops.length) }))}
      ${round?.line ? figure(app.t('ask.wayLeft'), length(round.metres, lang), span(round.seconds, lang)) : nothing}
    </ul>
    ${roads(app, answer)}
    ${key(app, [
      ['good', app.t('ask.round'), 'line'],
      ['place', app.t('ask.calledAt'), 'point'],
      ['lost', app.t('ask.lostStop'), 'point'],
    ])}
    ${table(
      app,
      hands,
      app.t('ask.callsOf', { n: n(stops.length) }),
      [
        { title: app.t('ask.rank'), number: true },
        { title: app.t('ask.call') },
        { title: app.t('ask.state') },
      ],
      stops,
      ({
        n: turn,
        name,
        at,
      }) => html`<tr data-key=${name} ?data-chosen=${hands.chosen === name} ?data-lost=${turn === null}>
        <td class="num">${turn === null ? '–' : n(turn)}</td>
        <th scope="row">${place(name, name, hands, at)}</th>
        <td>${turn === null ? html`<b>■ ${app.t('ask.lostStop')}</b>` : turn === 1 ? app.t('ask.begins') : app.t('ask.calledAt')}</td>
      </tr>`,
      true,
    )}
    <p class="ask-files">
      <a class="button" data-csv href=${csvOf(app, stops)} download=${`relief-${answer.id.slice(0, 8)}.csv`}>CSV</a>
    </p>`;
}

/** As a spreadsheet opens it: with a mark of its encoding, and no cell taken for a formula. */
function csvOf(app: App, stops: readonly Call[]): string {
  const heads = [app.t('ask.rank'), app.t('ask.call'), app.t('ask.state'), 'lon', 'lat'];
  const rows = stops.map(({ n, name, at }) => [
    n ?? '',
    name,
    app.t(n === null ? 'ask.lostStop' : 'ask.calledAt'),
    at?.[0].toFixed(6) ?? '',
    at?.[1].toFixed(6) ?? '',
  ]);
  const text = [heads, ...rows].map((row) => row.map(cell).join(',')).join('\r\n');
  return `data:text/csv;charset=utf-8,${encodeURIComponent(`\ufeff${text}\r\n`)}`;
}

function cell(value: string | number): string {
  const text = String(value);
  const safe = /^[=+\-@\t]/.test(text) && typeof value === 'string' ? `'${text}` : text;
  return `"${safe.replace(/"/g, '""')}"`;
}
