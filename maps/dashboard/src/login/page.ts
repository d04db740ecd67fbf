import { html, LitElement, nothing, type PropertyDeclarations, svg } from 'lit';
import { Http } from '../api/http.ts';
import { problemOf } from '../api/problem.ts';
import { SignIns } from '../api/sign-in.ts';
import type { Me } from '../api/types.ts';
import { keepReturn, nextPath, takeReturn } from '../app/return.ts';
import { readUrl, writeUrl } from '../app/url.ts';
import { firstLang, keepLang } from '../i18n/first.ts';
import { type Lang, type MessageKey, say } from '../i18n/index.ts';
import { icon } from '../ui/icons.ts';
import { langSwitch } from '../ui/langs.ts';
import {
  countdown,
  providerTrouble,
  type Step,
  secondsLeft,
  spokenWait,
  type Trouble,
  troubleOf,
} from './trouble.ts';

const TICK_MS = 500;
const RETRY_MS = 5_000;

/** The sign-in page: a name and a password, then a one-time code where the account has one. */
export class LoginPage extends LitElement {
  static override properties: PropertyDeclarations = {
    me: { state: true },
    step: { state: true },
    busy: { state: true },
    shown: { state: true },
    trouble: { state: true },
    free: { state: true },
  };
  declare me: Me | null;
  declare step: Step;
  declare busy: boolean;
  /** Whether the password can be read. */
  declare shown: boolean;
  declare trouble: Trouble | null;
  /** Waiting is over: said once. */
  declare free: boolean;
  readonly #http = new Http();
  readonly #signIns = new SignIns(this.#http);
  #lang: Lang = firstLang(readUrl(location.hash).lang);
  #kept = { username: '', password: '', keep: false };
  #ticking: ReturnType<typeof setInterval> | null = null;
  #target = '';

  constructor() {
    super();
    this.me = null;
    this.step = 'password';
    this.busy = false;
    this.shown = false;
    this.trouble = providerTrouble(location.search);
    this.free = false;
    const kept = takeReturn();
    this.#target = this.trouble && kept ? kept : nextPath(location.search) + location.hash;
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#speak();
    void this.#meet();
    // a page kept for Back must not show what was typed
    addEventListener('pageshow', ({ persisted }) => {
      if (persisted) location.reload();
    });
  }

  protected override firstUpdated(): void {
    const first = this.trouble ? '.login-error' : '#username';
    this.querySelector<HTMLElement>(first)?.focus();
  }

  /** Learns the town's name and how one may sign in; a person already signed in goes on. */
  async #meet(): Promise<void> {
    try {
      const me = await this.#http.json<Me>('/me', { lang: this.#lang, expectRefusal: true });
      if (me.authenticated && !this.trouble) return location.replace(this.#goal());
      this.me = me;
      this.#speak();
    } catch (error) {
      // an ended session is forgotten with the first answer, so the second one is everybody's
      setTimeout(() => void this.#meet(), problemOf(error).status === 401 ? 0 : RETRY_MS);
    }
  }

  #t(key: MessageKey, values?: Readonly<Record<string, string | number>>): string {
    return say(this.#lang, key, values);
  }

  #speak(): void {
    document.documentElement.lang = this.#lang;
    const town = this.me?.town.name[this.#lang] ?? this.#t('app.name');
    document.title = `${this.#t('login.title')} · ${town}`;
  }

  #setLang(lang: Lang): void {
    this.#lang = lang;
    keepLang(lang);
    const link = writeUrl({ ...readUrl(location.hash), lang });
    history.replaceState(null, '', `${location.pathname}${location.search}${link}`);
    this.#speak();
    this.requestUpdate();
  }

  /** The screen to go to, in the language of this one. */
  #goal(): string {
    const cut = this.#target.indexOf('#');
    const path = cut < 0 ? this.#target : this.#target.slice(0, cut);
    const hash = cut < 0 ? '' : this.#target.slice(cut);
    return path + writeUrl({ ...readUrl(hash), lang: this.#lang });
  }

  #waiting(): number {
    const { trouble } = this;
    return trouble && 'until' in trouble ? secondsLeft(trouble.until, Date.now()) : 0;
  }

  async #submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (this.busy || this.#waiting()) return;
    const form = new FormData(event.target as HTMLFormElement);
    const text = (name: string) => String(form.get(name) ?? '');
    if (this.step === 'password') {
      this.#kept = {
        username: text('username'),
        password: text('password'),
        keep: form.has('keep'),
      };
    }
    const code = text('code').replace(/\s/g, '');
    const missing = this.#missing(code);
    if (missing) return this.#say({ key: missing });
    this.shown = false;
    this.busy = true;
    this.free = false;
    try {
      await this.#signIns.signIn(
        { ...this.#kept, ...(this.step === 'code' ? { code } : {}) },
        this.#lang,
      );
      location.replace(this.#goal());
    } catch (error) {
      this.busy = false;
      const trouble = troubleOf(error, this.step, Date.now());
      if (trouble === 'code') await this.#goTo('code', '#code');
      else await this.#say(trouble);
    }
  }

  #missing(code: string): MessageKey | null {
    if (this.step === 'code') return code ? null : 'login.noCode';
    return this.#kept.username && this.#kept.password ? null : 'login.empty';
  }

  async #goTo(step: Step, focus: string): Promise<void> {
    this.step = step;
    this.trouble = null;
    if (step === 'password') this.#kept = { ...this.#kept, password: '' };
    await this.updateComplete;
    this.querySelector<HTMLElement>(focus)?.focus();
  }

  /** Says what is wrong, there where the eyes and the focus go. */
  async #say(trouble: Trouble): Promise<void> {
    this.trouble = null; // the same words once more are news once more
    await this.updateComplete;
    this.trouble = trouble;
    if ('until' in trouble) this.#ticking ??= setInterval(() => this.#tick(), TICK_MS);
    await this.updateComplete;
    this.querySelector<HTMLElement>('.login-error')?.focus();
  }

  #tick(): void {
    if (this.#waiting()) {
      this.requestUpdate();
      return;
    }
    if (this.#ticking) clearInterval(this.#ticking);
    this.#ticking = null;
    this.trouble = null;
    this.free = true;
    // the focus was on words that are gone now
    void this.updateComplete.then(() => {
      if (document.activeElement === document.body) {
        this.querySelector<HTMLElement>('#code, #password')?.focus();
      }
    });
  }

  protected override render() {
    const town = this.me?.town.name[this.#lang];
    return html`
      <header class="login-top">
        <p class="brand">
          <img src="/assets/icon.svg" alt="" width="34" height="34" />
          <span>${town ?? this.#t('app.name')}</span>
        </p>
        ${langSwitch(this.#lang, this.#t('app.language'), (lang) => this.#setLang(lang))}
      </header>
      <main class="login-main">
        <div class="login-card card">
          <h1>${this.#t(this.step === 'code' ? 'login.codeTitle' : 'login.title')}</h1>
          <p class="login-lead">
            ${
              this.step === 'code'
                ? this.#t('login.codeLead', { name: this.#kept.username })
                : this.#t('login.lead')
            }
          </p>
          ${this.#error()}
          <p class="login-free" role="status">${this.free ? this.#t('login.free') : nothing}</p>
          <form method="post" action="/login" novalidate @submit=${this.#submit}>
            ${this.step === 'code' ? this.#codeField() : this.#passwordFields()}
            ${this.#button()}
          </form>
          ${this.step === 'code' ? this.#back() : this.#provider()}
          <p class="login-help">
            ${this.#t(this.step === 'code' ? 'login.codeNone' : 'login.forgot')}
          </p>
        </div>
        <p class="login-public">
          <a href=${this.#goal()}>${this.#t('login.public')}</a>
          <span>${this.#t('login.publicHelp')}</span>
        </p>
      </main>
      ${river()}
    `;
  }

  #passwordFields() {
    const { trouble } = this;
    const invalid =
      trouble !== null &&
      'key' in trouble &&
      (trouble.key === 'login.wrong' || trouble.key === 'login.empty');
    const { username, keep } = this.#kept;
    return html`
      <label for="username">${this.#t('login.username')}</label>
      <input
        id="username"
        name="username"
        .defaultValue=${username}
        autocomplete="username"
        autocapitalize="none"
        autocorrect="off"
        spellcheck="false"
        required
        maxlength="200"
        aria-invalid=${invalid ? 'true' : nothing}
        aria-describedby=${invalid ? 'login-error' : nothing}
      />
      <label for="password">${this.#t('login.password')}</label>
      <div class="secret">
        <input
          id="password"
          name="password"
          type=${this.shown ? 'text' : 'password'}
          autocomplete="current-password"
          autocapitalize="none"
          autocorrect="off"
          spellcheck="false"
          required
          maxlength="1024"
          aria-invalid=${invalid ? 'true' : nothing}
          aria-describedby=${invalid ? 'login-error' : nothing}
        />
        <button
          type="button"
          class="plain"
          aria-pressed=${this.shown}
          aria-label=${this.#t('login.show')}
          title=${this.#t(this.shown ? 'login.hide' : 'login.show')}
          @click=${() => {
            this.shown = !this.shown;
          }}
        >
          ${icon(this.shown ? 'unseen' : 'eye')}
        </button>
      </div>
      <label class="tick">
        <input type="checkbox" name="keep" .defaultChecked=${keep} aria-describedby="keep-help" />
        ${this.#t('login.keep')}
      </label>
      <p id="keep-help" class="login-hint">${this.#t('login.keepHelp')}</p>
    `;
  }

  #codeField() {
    return html`
      <label for="code">${this.#t('login.code')}</label>
      <input
        id="code"
        name="code"
        class="code"
        autocomplete="one-time-code"
        inputmode="numeric"
        spellcheck="false"
        required
        maxlength="20"
        aria-invalid=${this.trouble ? 'true' : nothing}
        aria-describedby=${this.trouble ? 'login-error' : 'code-help'}
      />
      <p id="code-help" class="login-hint">${this.#t('login.codeHelp')}</p>
    `;
  }

  #button() {
    const { trouble } = this;
    const held = this.#waiting() > 0 && trouble && 'until' in trouble;
    const words = this.busy
      ? this.#t('login.busy')
      : this.#t(this.step === 'code' ? 'login.confirm' : 'login.submit');
    // held back, not disabled: the focus stays where it is
    return html`<button class="primary" aria-disabled=${held || this.busy ? 'true' : 'false'}>
      ${held ? this.#t('login.submitIn', { time: countdown(trouble.until, Date.now()) }) : words}
    </button>`;
  }

  #back() {
    return html`<button
      type="button"
      class="link login-back"
      @click=${() => this.#goTo('password', '#username')}
    >
      ${this.#t('login.back')}
    </button>`;
  }

  #provider() {
    const name = this.me?.oidc;
    if (!name) return nothing;
    return html`<p class="login-or"><span>${this.#t('login.or')}</span></p>
      <a class="button login-oidc" href="/auth/oidc" @click=${() => keepReturn(this.#goal())}>
        ${this.#t('login.oidc', { name })}
      </a>`;
  }

  #error() {
    const { trouble } = this;
    return html`<div role="alert" class="login-alert">
      ${
        trouble
          ? html`<div id="login-error" class="login-error" tabindex="-1">
            ${icon('warn')}
            <div>${this.#words(trouble)}</div>
          </div>`
          : nothing
      }
    </div>`;
  }

  #words(trouble: Trouble) {
    if ('said' in trouble) {
      const { said, reference } = trouble;
      return html`<strong>${said}</strong>${
        reference ? html`<small>${this.#t('toast.id', { id: reference })}</small>` : nothing
      }`;
    }
    if ('until' in trouble) {
      // said once with its length; the running clock is on the button
      return html`<strong>${this.#t('login.wait')}</strong>
        <span>${this.#t('login.waitHelp', { time: this.#firstWait(trouble.until) })}</span>`;
    }
    return html`<strong>${this.#t(trouble.key)}</strong>
      ${trouble.help ? html`<span>${this.#t(trouble.help)}</span>` : nothing}`;
  }

  #waits = { until: 0, seconds: 0 };

  /** How long it was when it began: words that change each second would be read each second. */
  #firstWait(until: number): string {
    if (this.#waits.until !== until) {
      this.#waits = { until, seconds: secondsLeft(until, Date.now()) };
    }
    return spokenWait(this.#waits.seconds, this.#lang);
  }
}

/** The river at the foot of the page, in the colours water has on the map. */
function river() {
  const wave = (fill: string, path: string) => svg`<path fill=${fill} d=${path} />`;
  return html`<svg
    class="river"
    viewBox="0 0 1440 220"
    preserveAspectRatio="none"
    aria-hidden="true"
    focusable="false"
  >
    ${wave('#deebf7', 'M0 70C180 20 340 110 560 78S940 10 1140 58S1380 92 1440 70V220H0z')}
    ${wave('#c4dcee', 'M0 120C220 70 380 150 640 122S1010 66 1210 112S1400 128 1440 116V220H0z')}
    ${wave('#9ecae1', 'M0 166C240 132 420 190 700 168S1100 128 1270 158S1410 170 1440 162V220H0z')}
  </svg>`;
}
