import { html, nothing, type PropertyDeclarations } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Feature } from '../api/types.ts';
import { question } from '../flood/desk.ts';
import type { Plan, PlannedRun } from './api.ts';
import { LAYER_OF } from './keys.ts';
import { BoardPart, written } from './part.ts';
import {
  amount,
  RUN_STATES,
  RUN_STEPS,
  type RunState,
  type RunStep,
  runCounts,
  runRows,
  runSince,
  runState,
  text,
} from './rules.ts';

const LAYER = LAYER_OF.runs;
const PATH = '/evacuation-runs';
const MARKS = { planned: '○', underway: '▶', done: '✓', failed: '■', cancelled: '–' } as const;
/** Who accepts a plan's runs and cancels them. */
const COMMAND = new Set(['coordinator', 'admin']);

/** Evacuation runs: waiting, under way, done, failed; and the households a failed one gave back. */
export class RunBoard extends BoardPart {
  static override properties: PropertyDeclarations = {
    ...BoardPart.properties,
    only: { state: true },
    failing: { state: true },
    backing: { state: true },
    plan: { state: true },
  };
  /** Runs of this state alone are listed; null: all. */
  declare only: RunState | null;
  /** The record number whose failure is being told. */
  declare failing: string | null;
  /** The record number whose last step is being taken back. */
  declare backing: string | null;
  /** A plan whose runs can be accepted. */
  declare plan: Plan | null;

  constructor() {
    super();
    this.only = null;
    this.failing = null;
    this.backing = null;
    this.plan = null;
  }

  protected override render() {
    const { runs, waiting } = this.told;
    if (!runs.value) {
      return runs.problem
        ? html`<p class="problem" role="alert">${runs.problem.detail ?? this.t('error.network')}
            <button type="button" class="link" @click=${() => this.room.load()}>${this.t('app.retry')}</button></p>`
        : html`<p class="empty" role="status">${this.t('board.loading')}</p>`;
    }
    const rows = runRows(runs.value).filter((run) => !this.only || runState(run) === this.only);
    const acts = this.acts || this.#crew;
    const heads = [
      this.t('run.code'),
      this.t('run.team'),
      this.t('board.state'),
      this.t('board.since'),
      this.t('run.people'),
      this.t('run.to'),
      this.t('board.who'),
      ...(acts ? [this.t('board.do')] : []),
    ];
    return html`
      ${this.trouble(runs.problem ?? this.told.waitingProblem)}
      <div class="board-bar">${this.#chips(runs.value)} ${this.#planTool()}</div>
      ${this.plan ? this.#planning(this.plan) : nothing}
      ${
        rows.length === 0
          ? html`<p class="empty">${this.t(this.only ? 'run.noneSo' : 'run.none')}</p>`
          : this.table(
              this.t('boards.runs'),
              heads,
              repeat(
                rows,
                ({ id }) => id,
                (run) => this.#row(run, heads.length, acts),
              ),
            )
      }
      ${
        waiting.length
          ? html`<div class="waiting personal">
              <h3>${this.t('run.waiting', { n: this.n(waiting.length) })}</h3>
              <ul>
                ${waiting.map(
                  ({ household, run, reason }) =>
                    html`<li data-waiting=${household}><b>${household}</b> ${this.t('run.from', { run })} ${reason ? html`<q>${reason}</q>` : nothing}</li>`,
                )}
              </ul>
            </div>`
          : nothing
      }
    `;
  }

  /** A crew does what its own unit was given; the server decides which that is. */
  get #crew(): boolean {
    return this.state.at === null && this.state.me.value?.role === 'team';
  }

  #chips(runs: readonly Feature[]) {
    const counts = runCounts(runs);
    return html`<p class="board-sum" role="group" aria-label=${this.t('board.state')}>
      ${RUN_STATES.map(
        (state) => html`<button
          type="button"
          data-only=${state}
          aria-pressed=${this.only === state}
          @click=${() => {
            this.only = this.only === state ? null : state;
          }}
        >
          <i aria-hidden="true">${MARKS[state]}</i> ${this.t(`run.${state}`)}
          <data value=${counts[state]}>${this.n(counts[state])}</data>
        </button>`,
      )}
    </p>`;
  }

  #row(run: Feature, width: number, acts: boolean) {
    const { properties: p } = run;
    const id = String(run.id);
    const state = runState(run);
    const code = text(p, 'code');
    const households = (p['households'] ?? []) as readonly string[];
    const vehicle = (this.state.boards.get(LAYER_OF.teams) ?? []).find(
      ({ properties }) => properties['code'] === p['team'],
    );
    const lying = amount(p, 'lying') ?? 0;
    return html`<tr aria-current=${this.current(LAYER, run)} data-row=${id} data-state=${state}>
        ${this.open(LAYER, run, code, vehicle ?? run)}
        <td>
          ${vehicle ? text(vehicle.properties, 'name') || text(p, 'team') : text(p, 'team')}
          <small>${this.t('run.number', { n: text(p, 'number') })}${vehicle ? ` · ${this.label(LAYER_OF.teams, 'vehicle', vehicle.properties['vehicle'])}` : ''}</small>
        </td>
        <td class="why"><span class="mark" data-state=${state}><i aria-hidden="true">${MARKS[state]}</i> ${this.t(`run.${state}`)}</span>
          ${text(p, 'reason') ? html`<q class="personal">${text(p, 'reason')}</q>` : nothing}</td>
        <td>${this.since(runSince(run))}</td>
        <td>
          ${this.n(amount(p, 'people') ?? 0)} ${lying ? html`<small>${this.t('run.lying', { n: this.n(lying) })}</small>` : nothing}
          ${households.length ? this.fold(id, this.t('run.households', { n: this.n(households.length) })) : nothing}
        </td>
        <td class="wrap">${[...new Set((p['shelters'] ?? []) as readonly string[])].map((shelter) => this.#shelter(shelter)).join(', ')}</td>
        <td>${this.said(this.by(run))}</td>
        ${acts ? html`<td class="acts">${this.#acts(run, state, code)}</td>` : nothing}
      </tr>
      ${this.#below(run, width, code)}`;
  }

  /** What is folded open below a run: its households, or a form about it. */
  #below(run: Feature, width: number, code: string) {
    const id = String(run.id);
    const households = (run.properties['households'] ?? []) as readonly string[];
    const below = (content: unknown, kind = '') =>
      html`<tr class="unfolded ${kind}"><td colspan=${width}>${content}</td></tr>`;
    return html`${this.unfolded === id ? below(this.t('run.fetches', { list: households.join(', ') }), 'personal') : nothing}
      ${this.backing === id ? below(this.#backing(run, code)) : nothing}
      ${this.failing === id ? below(this.#failing(run)) : nothing}`;
  }

  #shelter(code: string): string {
    const shelter = (this.state.boards.get(LAYER_OF.shelters) ?? []).find(
      ({ properties }) => properties['code'] === code,
    );
    return (shelter && text(shelter.properties, 'name')) || code;
  }

  #acts(run: Feature, state: RunState, code: string) {
    const id = String(run.id);
    const command = COMMAND.has(this.state.me.value?.role ?? '') || this.acts;
    const back = () => {
      this.backing = this.backing === id ? null : id;
    };
    return html`${repeat(
      RUN_STEPS[state].filter((step) => step !== 'cancel' || command),
      (step) => step,
      (step) =>
        this.step(
          `run.do.${step}`,
          code,
          () => {
            if (step === 'fail') this.failing = this.failing === id ? null : id;
            else void this.#step(run, step);
          },
          step,
          step === 'start' || step === 'done',
        ),
    )}
    ${state === 'planned' || (state === 'cancelled' && !command) ? nothing : this.step('board.back', code, back, 'back')}`;
  }

  /** Why the last step is taken back may be said, and need not be. */
  #backing(run: Feature, code: string) {
    return this.back(
      `back:${run.id}`,
      this.t(`run.backOf.${runState(run)}`, { code }),
      (reason) => this.#undo(run, code, reason),
      () => {
        this.backing = null;
      },
    );
  }

  #undo(run: Feature, code: string, reason: string | null): Promise<boolean> {
    const body = { ...(reason ? { reason } : {}), ...this.room.by };
    const path = `${PATH}/${run.id}/undo`;
    return this.room.act(this.t('board.undone', { words: code }), [LAYER, LAYER_OF.teams], () =>
      this.room.api.step(LAYER, run, path, body, this.state.lang),
    );
  }

  #step(run: Feature, step: RunStep, more = {}): Promise<boolean> {
    const { lang } = this.state;
    const code = text(run.properties, 'code');
    const path = `${PATH}/${run.id}`;
    return this.room.act(
      this.t(`run.did.${step}`, { code }),
      [LAYER, LAYER_OF.teams],
      () => this.room.api.step(LAYER, run, `${path}/${step}`, { ...more, ...this.room.by }, lang),
      ({ version }) => this.room.api.undo(path, version, this.room.by, lang),
    );
  }

  #failing(run: Feature) {
    return this.form(
      `fail:${run.id}`,
      this.t('run.do.fail'),
      'run.sendFail',
      html`<label class="wide">${this.t('run.why')}
          <input name="reason" required maxlength="500" autocomplete="off" /></label>
        <label class="tick"><input type="checkbox" name="vehicle" /> ${this.t('run.vehicleFailed')}</label>`,
      (form) =>
        this.#step(run, 'fail', {
          reason: written(form, 'reason'),
          vehicle_failed: form.get('vehicle') !== null,
        }),
      () => {
        this.failing = null;
      },
    );
  }

  protected override reopen(form: string): boolean {
    const [what, id] = form.split(':');
    if (what === 'fail') this.failing = id ?? null;
    else this.backing = id ?? null;
    return false;
  }

  /** Runs come from a plan: who commands asks for one of the water chosen, and accepts its runs. */
  #planTool() {
    const commands = this.acts && COMMAND.has(this.state.me.value?.role ?? '');
    if (!commands || this.plan) return nothing;
    return html`<button type="button" data-act="plan" aria-disabled=${this.waits} @click=${() => void this.#ask()}>
      ${this.t('run.plan')}
    </button>`;
  }

  #planning(plan: Plan) {
    const open = plan.runs.filter(({ under_way }) => !under_way);
    if (open.length === 0) {
      return html`<p class="empty">${this.t('run.noPlan')}
        <button type="button" class="link" @click=${() => this.#forget()}>${this.t('board.cancel')}</button></p>`;
    }
    return this.form(
      null,
      this.t('run.planned'),
      'run.accept',
      html`<fieldset class="plan">
        <legend>${this.t('run.planOf', { n: this.n(open.length) })}</legend>
        ${open.map(
          (run) => html`<label class="tick">
            <input type="checkbox" name="run" value="${run.team} ${run.number}" checked />
            ${this.t('run.offer', {
              team: run.team,
              number: run.number,
              people: this.n(people(run)),
              households: this.n(new Set(run.stops.map(({ household }) => household)).size),
              to: [...new Set(run.to)].map((shelter) => this.#shelter(shelter)).join(', '),
            })}
          </label>`,
        )}
      </fieldset>`,
      (form) => this.#accept(plan, form.getAll('run').map(String)),
      () => this.#forget(),
    );
  }

  #forget(): void {
    this.plan = null;
  }

  async #ask(): Promise<void> {
    const { water, zones, lang } = this.state;
    const flood = water && question(water, zones.value);
    if (this.told.busy !== null) return;
    if (!flood) {
      this.room.store.set({ refused: this.t('run.noFlood') });
      return;
    }
    await this.room.act(
      this.t('run.asked'),
      [],
      async () => {
        this.plan = await this.room.api.plan(flood, lang);
      },
      undefined,
      'run.asking',
    );
  }

  #accept(plan: Plan, chosen: readonly string[]): Promise<boolean> {
    const runs = plan.runs
      .filter(({ team, number }) => chosen.includes(`${team} ${number}`))
      .map(({ team, number }) => ({ team, number }));
    if (runs.length === 0) return Promise.resolve(false);
    return this.room.act(this.t('run.accepted', { n: this.n(runs.length) }), [LAYER], () =>
      this.room.api.post(PATH, { answer: plan.id, runs, ...this.room.by }, this.state.lang),
    );
  }
}

function people({ stops }: PlannedRun): number {
  return stops.reduce((sum, { sitting, lying }) => sum + sitting + lying, 0);
}
