import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import './account.css';
import { problemOf } from '../api/problem.ts';
import type { CodeOffer, Me, NewTokenFacts, TokenFacts } from '../api/types.ts';
import type { AppState } from '../app/state.ts';
import { dateTime } from '../format.ts';
import { spokenWait } from '../login/trouble.ts';
import { icon } from '../ui/icons.ts';
import { Part } from '../ui/part.ts';
import type { Qr } from './qr.ts';

/** Characters a password needs: alone, and with one-time codes beside it (db/passwords.py). */
const LEAST = 15;
const LEAST_WITH_CODES = 8;
const DAYS = 90;
const MOST_DAYS = 366;

const TITLES = {
  password: 'account.password',
  totp: 'account.totp',
  tokens: 'account.tokens',
} as const;

type Section = keyof typeof TITLES;

interface Message {
  readonly section: Section;
  readonly good: boolean;
  readonly text: string;
}

/** One's own sign-in: the password, one-time codes, and tokens for programs. */
export class AccountPanel extends Part {
  static override properties: PropertyDeclarations = {
    ...Part.properties,
    busy: { state: true },
    message: { state: true },
    offer: { state: true },
    qr: { state: true },
    tokens: { state: true },
    made: { state: true },
  };
  declare busy: Section | null;
  declare message: Message | null;
  declare offer: CodeOffer | null;
  declare qr: Qr | null;
  declare tokens: readonly TokenFacts[] | null;
  declare made: NewTokenFacts | null;
  protected readonly watch = ['me'] as const satisfies (keyof AppState)[];

  constructor() {
    super();
    this.busy = null;
    this.message = null;
    this.offer = null;
    this.qr = null;
    this.tokens = null;
    this.made = null;
  }

  protected override firstUpdated(): void {
    this.querySelector('dialog')?.showModal();
    void this.#loadTokens();
  }

  async #loadTokens(): Promise<void> {
    try {
      this.tokens = await this.app.signIns.tokens(this.state.lang);
    } catch (error) {
      this.#say('tokens', false, this.#trouble(error));
    }
  }

  /** What went wrong, in the server's words where it has any. */
  #trouble(error: unknown): string {
    const { status, detail, title, wait } = problemOf(error);
    if (status === 0) return this.t('error.network');
    if (status === 429 && wait) {
      return this.t('account.wait', { time: spokenWait(wait, this.state.lang) });
    }
    return detail ?? title;
  }

  #say(section: Section, good: boolean, text: string): void {
    this.message = { section, good, text };
  }

  /** Does one thing of a section at a time and says how it went. */
  async #do(section: Section, act: () => Promise<string | null>): Promise<void> {
    if (this.busy) return;
    this.busy = section;
    this.message = null;
    try {
      const done = await act();
      if (done) this.#say(section, true, done);
    } catch (error) {
      this.#say(section, false, this.#trouble(error));
    } finally {
      this.busy = null;
    }
    await this.updateComplete;
    this.querySelector<HTMLElement>('.account-message')?.focus();
  }

  #changePassword(event: SubmitEvent): void {
    const form = taken(event);
    void this.#do('password', async () => {
      const { lang } = this.state;
      const asked = {
        password: form.text('password'),
        new_password: form.text('new_password'),
        keep_tokens: form.has('keep_tokens'),
      };
      await this.app.renewing(() =>
        this.app.signIns.changePassword({ ...asked, ...form.code() }, lang),
      );
      form.clear();
      await this.#loadTokens();
      return this.t('account.passwordDone');
    });
  }

  #offerCodes(event: SubmitEvent): void {
    const form = taken(event);
    void this.#do('totp', async () => {
      const asked = { password: form.text('password'), ...form.code() };
      const offer = await this.app.signIns.offerCodes(asked, this.state.lang);
      const { qrOf } = await import('./qr.ts');
      this.qr = qrOf(offer.uri);
      this.offer = offer;
      form.clear();
      await this.updateComplete;
      this.querySelector<HTMLElement>('#totp-first')?.focus();
      return null;
    });
  }

  #confirmCodes(event: SubmitEvent): void {
    const form = taken(event);
    void this.#do('totp', async () => {
      const proof = this.offer?.proof ?? '';
      const code = form.text('code').replace(/\s/g, '');
      await this.app.renewing(() => this.app.signIns.confirmCodes(proof, code, this.state.lang));
      this.offer = null;
      this.qr = null;
      return this.t('account.totpDone');
    });
  }

  #removeCodes(event: SubmitEvent): void {
    const form = taken(event);
    void this.#do('totp', async () => {
      const asked = { password: form.text('password'), ...form.code() };
      await this.app.renewing(() => this.app.signIns.removeCodes(asked, this.state.lang));
      form.clear();
      return this.t('account.totpRemoved');
    });
  }

  #makeToken(event: SubmitEvent): void {
    const form = taken(event);
    void this.#do('tokens', async () => {
      const asked = {
        name: form.text('name').trim(),
        days: Number(form.text('days')),
        password: form.text('password'),
        ...form.code(),
      };
      this.made = await this.app.signIns.makeToken(asked, this.state.lang);
      form.clear();
      await this.#loadTokens();
      await this.updateComplete;
      this.querySelector<HTMLElement>('#token-new')?.focus();
      return null;
    });
  }

  #revoke({ id, name }: TokenFacts): void {
    void this.#do('tokens', async () => {
      await this.app.signIns.revokeToken(id, this.state.lang);
      if (this.made?.id === id) this.made = null;
      await this.#loadTokens();
      return this.t('account.tokenRevoked', { name });
    });
  }

  #close(): void {
    this.app.store.set({ account: false });
    document.querySelector<HTMLElement>('.who-button')?.focus();
  }

  protected override render() {
    const me = this.state.me.value;
    if (!me) return nothing;
    return html`<dialog class="account" aria-labelledby="account-title" @close=${() => this.#close()}>
      <div class="account-head">
        <h2 id="account-title">${this.t('account.title')}</h2>
        <p>${me.display_name ?? me.principal} · ${this.t(`role.${me.role}`)}</p>
        <button
          type="button"
          class="plain"
          aria-label=${this.t('account.close')}
          @click=${() => this.querySelector('dialog')?.close()}
        >
          ${icon('close')}
        </button>
      </div>
      <div class="account-body">
        ${this.#section('password', this.#password(me))}
        ${this.#section('totp', this.#totp(me))}
        ${this.#section('tokens', this.#tokens(me))}
      </div>
    </dialog>`;
  }

  #section(section: Section, body: TemplateResult) {
    const { message } = this;
    const own = message?.section === section ? message : null;
    return html`<section aria-labelledby="account-${section}" aria-busy=${this.busy === section}>
      <h3 id="account-${section}">${this.t(TITLES[section])}</h3>
      <div role="alert">
        ${
          own
            ? html`<p class="account-message" tabindex="-1" ?data-good=${own.good}>
                ${icon(own.good ? 'check' : 'warn')} ${own.text}
              </p>`
            : nothing
        }
      </div>
      ${body}
    </section>`;
  }

  #password(me: Me) {
    const least = me.totp ? LEAST_WITH_CODES : LEAST;
    return html`<p class="lead">${this.t('account.passwordLead', { n: least })}</p>
      <form method="post" @submit=${this.#changePassword}>
        ${this.#username(me)} ${this.#present('password', me)}
        <label for="new-password">${this.t('account.new')}</label>
        <input
          id="new-password"
          name="new_password"
          type="password"
          autocomplete="new-password"
          required
          minlength=${least}
          maxlength="256"
        />
        <label class="tick">
          <input type="checkbox" name="keep_tokens" /> ${this.t('account.keepTokens')}
        </label>
        ${this.#submit('password', this.t('account.passwordSave'))}
      </form>`;
  }

  #totp(me: Me) {
    if (this.offer) return this.#offered(this.offer);
    return html`<p class="lead">${this.t(me.totp ? 'account.totpOn' : 'account.totpOff')}</p>
      <form method="post" @submit=${me.totp ? this.#removeCodes : this.#offerCodes}>
        ${this.#username(me)} ${this.#present('totp', me)}
        ${this.#submit('totp', this.t(me.totp ? 'account.totpRemove' : 'account.totpSetUp'))}
      </form>`;
  }

  #offered({ secret, uri }: CodeOffer) {
    const { qr } = this;
    return html`<p class="lead">${this.t('account.totpScan')}</p>
      ${
        qr
          ? html`<svg
              class="qr"
              role="img"
              aria-label=${this.t('account.totpQr')}
              viewBox="0 0 ${qr.size} ${qr.size}"
              shape-rendering="crispEdges"
            >
              <rect width="100%" height="100%" fill="#ffffff" />
              <path d=${qr.path} fill="#000000" />
            </svg>`
          : nothing
      }
      <details>
        <summary>${this.t('account.totpType')}</summary>
        <dl class="account-facts">
          <dt>${this.t('account.totpSecret')}</dt>
          <dd><code id="totp-secret">${secret.replace(/(.{4})(?=.)/g, '$1 ')}</code></dd>
          <dt>${this.t('account.totpUri')}</dt>
          <dd><code>${uri}</code></dd>
        </dl>
      </details>
      <form method="post" @submit=${this.#confirmCodes}>
        <label for="totp-first">${this.t('account.totpFirst')}</label>
        <input
          id="totp-first"
          name="code"
          class="code"
          autocomplete="one-time-code"
          inputmode="numeric"
          required
          maxlength="20"
        />
        ${this.#submit('totp', this.t('account.totpConfirm'))}
      </form>`;
  }

  #tokens(me: Me) {
    const { tokens, made } = this;
    return html`<p class="lead">${this.t('account.tokensLead')}</p>
      ${made ? this.#newToken(made) : nothing}
      <form method="post" @submit=${this.#makeToken}>
        <label for="token-name">${this.t('account.tokenName')}</label>
        <input id="token-name" name="name" autocomplete="off" required maxlength="64" />
        <label for="token-days">${this.t('account.tokenDays')}</label>
        <input
          id="token-days"
          name="days"
          type="number"
          min="1"
          max=${MOST_DAYS}
          value=${DAYS}
          required
        />
        ${this.#present('tokens', me)} ${this.#submit('tokens', this.t('account.tokenMake'))}
      </form>
      ${
        tokens?.length === 0
          ? html`<p class="lead">${this.t('account.tokensNone')}</p>`
          : html`<ul class="token-list">
              ${repeat(
                tokens ?? [],
                ({ id }) => id,
                (token) => this.#token(token),
              )}
            </ul>`
      }`;
  }

  #newToken({ token }: NewTokenFacts) {
    return html`<div class="token-new">
      <label for="token-new">${this.t('account.tokenNew')}</label>
      <input id="token-new" readonly .value=${token} @focus=${select} spellcheck="false" />
      <button type="button" @click=${() => this.#copy(token)}>
        ${icon('copy')} ${this.t('account.tokenCopy')}
      </button>
    </div>`;
  }

  async #copy(token: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(token);
      this.#say('tokens', true, this.t('account.tokenCopied'));
    } catch {
      this.querySelector<HTMLElement>('#token-new')?.focus(); // selected, to be copied by keys
    }
  }

  #token(token: TokenFacts) {
    const { lang } = this.state;
    const over = token.revoked_at !== null || Date.parse(token.expires_at) <= Date.now();
    return html`<li ?data-over=${over}>
      <span
        ><b>${token.name}</b>
        <small
          >${this.t(`role.${token.role}`)} ·
          ${
            over
              ? this.t('account.tokenEnded')
              : this.t('account.tokenUntil', { date: dateTime(token.expires_at, lang) })
          }</small
        ></span
      >
      ${
        over
          ? nothing
          : html`<button
              type="button"
              aria-label=${this.t('account.tokenRevokeOf', { name: token.name })}
              @click=${() => this.#revoke(token)}
            >
              ${this.t('account.tokenRevoke')}
            </button>`
      }
    </li>`;
  }

  /** Tells password managers whose password this is. */
  #username(me: Me) {
    return html`<input hidden name="username" autocomplete="username" .value=${me.principal} />`;
  }

  /** The password once more, and a code where one is asked at sign-in. */
  #present(section: Section, me: Me) {
    return html`<label for="${section}-present">${this.t('account.present')}</label>
      <input
        id="${section}-present"
        name="password"
        type="password"
        autocomplete="current-password"
        maxlength="1024"
      />
      ${
        me.totp
          ? html`<label for="${section}-code">${this.t('account.presentCode')}</label>
              <input
                id="${section}-code"
                name="code"
                class="code"
                autocomplete="one-time-code"
                inputmode="numeric"
                required
                maxlength="20"
              />`
          : nothing
      }`;
  }

  #submit(section: Section, words: string) {
    return html`<button class="primary" aria-disabled=${this.busy === section ? 'true' : 'false'}>
      ${this.busy === section ? this.t('account.working') : words}
    </button>`;
  }
}

function select({ target }: Event): void {
  (target as HTMLInputElement).select();
}

/** A form that was sent: what it holds, and how to empty it. */
function taken(event: SubmitEvent) {
  event.preventDefault();
  const form = event.currentTarget as HTMLFormElement;
  const data = new FormData(form);
  const text = (name: string) => String(data.get(name) ?? '');
  return {
    text,
    has: (name: string) => data.has(name),
    code: () => (data.has('code') ? { code: text('code').replace(/\s/g, '') } : {}),
    clear: () => form.reset(),
  };
}
