import { html, nothing } from 'lit';
import type { AppState } from '../app/state.ts';
import { currentEvent } from '../events/desk.ts';
import { wordOf } from '../events/story.ts';
import type { TownEvent, TownWord } from '../events/types.ts';
import { icon } from '../ui/icons.ts';
import { DeskPart } from './part.ts';

/** Who opens events and records what was announced. */
export const COMMAND = new Set(['coordinator', 'admin']);

/** The flag in the header: what the town itself has said, and the way to all that was announced. */
export class Flag extends DeskPart {
  protected readonly watch = [
    'events',
    'eventSettings',
    'me',
  ] as const satisfies (keyof AppState)[];

  protected override render() {
    const { events, me, lang } = this.state;
    if (!events.value) return nothing;
    const event = currentEvent(this.state);
    const command = COMMAND.has(me.value?.role ?? '');
    if (!event && !command && events.value.length === 0) return nothing;
    const flag = this.#word(event);
    return html`<button type="button" class="flag" ?data-flying=${flag !== null}
      @click=${() => this.desk.events.show({ id: null, kind: null })}>
      ${
        flag
          ? html`<svg class="flag-sign" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
              <path d="M4 2v17" /><path d="M4.8 3h12l-3 4 3 4h-12z" fill=${flag.color ?? '#90a4ae'} />
            </svg>`
          : icon('flag')
      }
      <span class="flag-words">
        <b>${flag ? wordOf(flag, lang) : event ? this.t('event.noFlag') : this.t('event.quiet')}</b>
        ${event ? html`<small>${event.name}</small>` : nothing}
      </span>
    </button>`;
  }

  #word(event: TownEvent | null): TownWord | null {
    const flags = this.state.eventSettings?.flags ?? [];
    return flags.find(({ code }) => code === event?.flag) ?? null;
  }
}
