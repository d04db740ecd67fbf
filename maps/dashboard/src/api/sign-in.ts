import type { Lang } from '../i18n/index.ts';
import type { Http } from './http.ts';
import type {
  CodeOffer,
  NewTokenFacts,
  PasswordAgain,
  PasswordChange,
  SignedIn,
  SignIn,
  TokenFacts,
  TokenRequest,
  Tokens,
} from './types.gen.ts';

/** Signing in and out, and what people look after about their own sign-in. */
export class SignIns {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  async signIn(asked: SignIn, lang: Lang): Promise<SignedIn> {
    const who = await this.#http.json<SignedIn>('/auth/login', {
      lang,
      method: 'POST',
      body: asked,
      expectRefusal: true,
    });
    this.#http.csrf = who.csrf;
    return who;
  }

  async signOut(lang: Lang): Promise<void> {
    await this.#http.send('/auth/logout', { lang, method: 'POST', expectRefusal: true });
  }

  /** The session is renewed with the password, and with it the value that goes along. */
  async changePassword(asked: PasswordChange, lang: Lang): Promise<void> {
    const who = await this.#http.json<SignedIn>('/auth/password', {
      lang,
      method: 'POST',
      body: asked,
    });
    this.#http.csrf = who.csrf;
  }

  offerCodes(asked: PasswordAgain, lang: Lang): Promise<CodeOffer> {
    return this.#http.json('/auth/totp', { lang, method: 'POST', body: asked });
  }

  async confirmCodes(proof: string, code: string, lang: Lang): Promise<void> {
    await this.#http.send('/auth/totp/confirm', { lang, method: 'POST', body: { proof, code } });
  }

  async removeCodes(asked: PasswordAgain, lang: Lang): Promise<void> {
    await this.#http.send('/auth/totp/remove', { lang, method: 'POST', body: asked });
  }

  async tokens(lang: Lang): Promise<readonly TokenFacts[]> {
    return (await this.#http.json<Tokens>('/auth/tokens', { lang })).tokens;
  }

  makeToken(asked: TokenRequest, lang: Lang): Promise<NewTokenFacts> {
    return this.#http.json('/auth/tokens', { lang, method: 'POST', body: asked });
  }

  async revokeToken(id: number, lang: Lang): Promise<void> {
    await this.#http.send(`/auth/tokens/${id}`, { lang, method: 'DELETE' });
  }
}
