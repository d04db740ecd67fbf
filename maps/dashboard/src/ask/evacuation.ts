/** The order of leaving and the runs of every team, to be printed as numbered lists. */
import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { EvacuationAnswer, TeamRun } from '../api/types.gen.ts';
import type { App } from '../app/app.ts';
import { clock, dateTime, number } from '../format.ts';
import { icon } from '../ui/icons.ts';
import { figure, found, type Hands, key, place, roads, table } from './answers.ts';

const HOUR_MS = 3600_000;

export function evacuation(app: App, answer: EvacuationAnswer, hands: Hands): TemplateResult {
  const { lang } = app.store.state;
  const n = (value: number) => number(value, lang);
  const { order, runs, left, alerts } = answer;
  const people = order.reduce((sum, each) => sum + each.people, 0);
  const lying = order.reduce((sum, each) => sum + each.lying, 0);
  return html`
    <ul class="ask-figures">
      ${figure(app.t('ask.leave'), n(people), app.t('ask.inHouseholds', { n: n(order.length) }))}
      ${figure(app.t('ask.lying'), n(lying))}
      ${figure(app.t('ask.notFetched'), n(left.length))}
      ${figure(app.t('ask.stay'), n(answer.not_in_danger))}
    </ul>
    ${roads(app, answer)}
    ${
      alerts.length
        ? html`<div class="problem" role="alert">${icon('warn')}
            <ul>${alerts.map(({ household, words }) => html`<li>${found(app, 'households', household)} ${app.text(words)}</li>`)}</ul>
          </div>`
        : nothing
    }
    ${key(app, [
      ['lost', app.t('ask.firstTen'), 'point'],
      ['far', app.t('ask.others'), 'point'],
    ])}
    ${table(
      app,
      hands,
      app.t('ask.order', { n: n(order.length) }),
      [
        { title: app.t('ask.rank'), number: true },
        { title: app.t('ask.household') },
        { title: app.t('ask.people'), number: true },
        { title: app.t('ask.why') },
        { title: app.t('ask.shelter') },
      ],
      order,
      ({
        rank,
        household,
        community,
        people: many,
        lying: lies,
        reasons,
        set_by_hand,
        shelter,
        at,
      }) => html`<tr data-key=${household} ?data-chosen=${hands.chosen === household}>
          <td class="num">${n(rank)}</td>
          <th scope="row">${place(household, household, hands, at)} <small>${community ?? ''}</small></th>
          <td class="num">${n(many)}${lies ? html`<small>${app.t('ask.ofLying', { n: n(lies) })}</small>` : nothing}</td>
          <td>${set_by_hand ? html`<b>${app.t('ask.byHand')}</b> ` : nothing}${reasons.map((why) => html`<span class="why">${app.text(why)}</span>`)}</td>
          <td>${shelter ?? '–'}</td>
        </tr>`,
      true,
    )}
    ${teams(app, answer, hands)}
    ${table(
      app,
      hands,
      app.t('ask.left', { n: n(left.length) }),
      [{ title: app.t('ask.household') }, { title: app.t('ask.why') }],
      left,
      ({ household, why }) =>
        html`<tr><th scope="row">${found(app, 'households', household)}</th><td>${app.text(why)}</td></tr>`,
      left.length > 0 && left.length <= 20,
    )}
    ${runs.length === 0 ? html`<p class="empty">${app.t('ask.noRuns')}</p>` : nothing}`;
}

/** The runs team by team; one that cannot go is left out, and the rest is planned anew. */
function teams(app: App, { runs, computed_at }: EvacuationAnswer, hands: Hands) {
  const { lang } = app.store.state;
  const byTeam = new Map<string, TeamRun[]>();
  for (const run of runs) byTeam.set(run.team, [...(byTeam.get(run.team) ?? []), run]);
  const out = hands.failed.split(',').filter(Boolean);
  if (byTeam.size === 0 && out.length === 0) return nothing;
  const at = (hours: number) => clock(Date.parse(computed_at) + hours * HOUR_MS, lang);
  return html`<section class="runs" aria-labelledby="runs-title">
    <div class="part-head">
      <h4 id="runs-title">${app.t('ask.runs')}</h4>
      ${byTeam.size ? html`<button type="button" class="chip-button" data-print="all" @click=${() => hands.print(null)}>${icon('table')}<span>${app.t('ask.printAll')}</span></button>` : nothing}
    </div>
    ${hands.copies.length ? copies(app, hands) : nothing}
    ${out.map(
      (team) => html`<p class="run-out">${app.t('ask.out', { team })}
        ${hands.fail ? html`<button type="button" class="link" @click=${() => hands.fail?.(out.filter((one) => one !== team))}>${app.t('ask.backIn')}<span class="unseen"> ${team}</span></button>` : nothing}</p>`,
    )}
    ${repeat(
      byTeam,
      ([team]) => team,
      ([team, of]) => html`<details class="run-team" data-team=${team}>
        <summary><b>${team}</b> ${app.t('ask.runsOf', {
          n: of.length,
          people: number(
            of.reduce(
              (sum, { stops }) =>
                sum + stops.reduce((all, stop) => all + stop.sitting + stop.lying, 0),
              0,
            ),
            lang,
          ),
        })}</summary>
        <div class="run-acts">
          <button type="button" class="chip-button" @click=${() => hands.print(team)}>${icon('table')}<span>${app.t('ask.print')}<span class="unseen"> ${team}</span></span></button>
          ${hands.fail ? html`<button type="button" class="chip-button" @click=${() => hands.fail?.([...out, team])}>${icon('warn')}<span>${app.t('ask.fails')}<span class="unseen"> ${team}</span></span></button>` : nothing}
        </div>
        <ol>
          ${of.map(
            ({ number: no, stops, to, leaves_h, back_h, under_way }) => html`<li value=${no}>
              <span>${under_way ? app.t('ask.underWay') : ''} ${at(leaves_h)}–${at(back_h)}</span>
              ${stops.map(
                ({ household, sitting, lying, part }) =>
                  html`<span class="why">${found(app, 'households', household)} ${app.t('ask.aboard', { sitting, lying })}${part ? ` (${app.t('ask.part')})` : ''}</span>`,
              )}
              <span class="why">→ ${to.join(', ')}</span>
            </li>`,
          )}
        </ol>
      </details>`,
    )}
  </section>`;
}

/** Copies made: each has a number of its own and is logged out and in on paper. */
function copies(app: App, { copies: made }: Hands) {
  const { lang } = app.store.state;
  return html`<ul class="run-copies">
    ${made.map(
      ({ number: no, team, made_at, html: page, csv }) => html`<li data-copy=${no}>
        <b>${app.t('ask.copy', { n: no })}</b> ${team ?? app.t('ask.everyTeam')} · ${dateTime(made_at, lang)}
        <a class="button" href=${`${page}?lang=${lang}`} target="_blank" rel="noopener">${app.t('ask.openToPrint')}<span class="unseen"> ${no}</span></a>
        <a class="button" href=${`${csv}?lang=${lang}`} download>${icon('download')} CSV<span class="unseen"> ${no}</span></a>
      </li>`,
    )}
  </ul>`;
}
