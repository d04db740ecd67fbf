import { html, nothing, type PropertyDeclarations } from 'lit';
import type { Me } from '../api/types.ts';
import { loginLink } from '../app/return.ts';
import type { AppState } from '../app/state.ts';
import { icon } from './icons.ts';
import { Part } from './part.ts';

/** Leads to the sign-in page and back to the screen as it is at this moment. */
export function toLogin(event: Event): void {
  (event.currentTarget as HTMLAnchorElement).href = loginLink(location.pathname, location.hash);
}

/** Who is signed in and in which role, with the way out; or the way in. */
export class Who extends Part {
  static override properties: PropertyDeclarations = {
    ...Part.properties,
    open: { state: true },
  };
  declare open: boolean;
  protected readonly watch = ['me', 'signingOut'] as const satisfies (keyof AppState)[];

  constructor() {
    super();
    this.open = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener('keydown', this.#key);
    this.addEventListener('focusout', this.#away);
    document.addEventListener('pointerdown', this.#outside);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('pointerdown', this.#outside);
  }

  readonly #key = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || !this.open) return;
    event.stopPropagation();
    this.open = false;
    this.querySelector<HTMLElement>('.who-button')?.focus();
  };

  readonly #away = ({ relatedTarget }: FocusEvent): void => {
    if (relatedTarget instanceof Node && !this.contains(relatedTarget)) this.open = false;
  };

  readonly #outside = ({ target }: Event): void => {
    if (target instanceof Node && !this.contains(target)) this.open = false;
  };

  protected override render() {
    const me = this.state.me.value;
    if (!me) return nothing;
    return me.authenticated ? this.#person(me) : this.#door();
  }

  #door() {
    return html`<a class="button who-door" href="/login" @click=${toLogin}
      >${icon('person')}<span>${this.t('who.signIn')}</span></a
    >`;
  }

  #person(me: Me) {
    const name = me.display_name ?? me.principal;
    const role = this.t(`role.${me.role}`);
    return html`<button
        type="button"
        class="who-button"
        aria-expanded=${this.open}
        aria-controls="who-menu"
        @click=${() => {
          this.open = !this.open;
        }}
      >
        ${icon('person')}
        <span class="unseen">${this.t('who.menu')}</span>
        <span class="who-name"><b>${name}</b><small>${role}</small></span>
        ${icon('down')}
      </button>
      <div id="who-menu" class="who-menu card" ?hidden=${!this.open}>
        <p class="who-facts">
          <b>${name}</b>
          <span>${me.principal}</span>
          <span>${role}</span>
          ${
            me.scope?.length
              ? html`<span>${this.t('who.scope', { scope: me.scope.join(', ') })}</span>`
              : nothing
          }
          ${me.demo ? html`<span>${this.t('who.demo')}</span>` : nothing}
        </p>
        ${
          me.kind === 'session'
            ? html`<button type="button" @click=${() => this.#account()}>
                ${this.t('who.account')}
              </button>
              <button
                type="button"
                class="who-out"
                ?disabled=${this.state.signingOut}
                @click=${() => this.app.signOut()}
              >
                ${this.t(this.state.signingOut ? 'who.signingOut' : 'who.signOut')}
              </button>`
            : nothing
        }
      </div>`;
  }

  #account(): void {
    this.open = false;
    this.querySelector<HTMLElement>('.who-button')?.focus();
    void this.app.openAccount();
  }
}
