import { describe, expect, it, vi } from 'vitest';
import { qrOf } from '../src/account/qr.ts';
import { Http } from '../src/api/http.ts';
import { ApiError } from '../src/api/problem.ts';
import { SignIns } from '../src/api/sign-in.ts';
import { loginLink, nextPath } from '../src/app/return.ts';
import { countdown, providerTrouble, spokenWait, troubleOf } from '../src/login/trouble.ts';

describe('the way back', () => {
  it('keeps the screen in the fragment', () => {
    expect(loginLink('/', '#lang=th&rec=parcels/5')).toBe('/login#lang=th&rec=parcels/5');
    expect(loginLink('/docs', '')).toBe('/login?next=%2Fdocs');
  });

  it.each([
    ['?next=/docs', '/docs'],
    ['?next=/docs?a=1', '/docs?a=1'],
    ['', '/'],
    ['?next=', '/'],
    ['?next=docs', '/'],
    ['?next=//evil.example', '/'],
    ['?next=/\\evil.example', '/'],
    ['?next=/%09/evil.example', '/'],
    ['?next=/%0a/evil.example/x', '/'],
    ['?next=https://evil.example', '/'],
    ['?next=javascript:alert(1)', '/'],
    ['?next=/login?next=/', '/'],
    ['?next=/auth/oidc', '/'],
  ])('leads from %s to a path of our own', (search, path) => {
    expect(nextPath(search)).toBe(path);
  });
});

describe('requests', () => {
  const answering = (body: unknown, status = 200) =>
    vi.fn(async () => new Response(status === 204 ? null : JSON.stringify(body), { status }));
  const headers = (fetcher: ReturnType<typeof answering>, call = 0) =>
    (fetcher.mock.calls as unknown as [string, RequestInit][])[call]?.[1].headers;

  it('carry what only our page knows, when they change or count something', async () => {
    const fetcher = answering({ csrf: 'abc' });
    const http = new Http(fetcher);
    await new SignIns(http).signIn({ username: 'a', password: 'b' }, 'th');
    expect(headers(fetcher)).not.toHaveProperty('X-CSRF-Token');
    await http.json('/queries/impact', { lang: 'th', method: 'POST', body: {} });
    expect(headers(fetcher, 1)).toHaveProperty('X-CSRF-Token', 'abc');
    await http.json('/me', { lang: 'th' });
    expect(headers(fetcher, 2)).not.toHaveProperty('X-CSRF-Token');
  });

  it('tell when the server no longer knows who asks, but not while signing in', async () => {
    const http = new Http(answering({}, 401));
    http.onRefused = vi.fn();
    await expect(http.json('/me', { lang: 'th' })).rejects.toThrow();
    expect(http.onRefused).toHaveBeenCalledTimes(1);
    const asked = { username: 'a', password: 'b' };
    await expect(new SignIns(http).signIn(asked, 'th')).rejects.toThrow();
    expect(http.onRefused).toHaveBeenCalledTimes(1);
  });

  it('keep the kind of a problem and how long to wait', async () => {
    const headers = { 'content-type': 'application/problem+json', 'retry-after': '12' };
    const body = JSON.stringify({ type: 'urn:muang:problem:too-many-requests', title: 'x' });
    const http = new Http(async () => new Response(body, { status: 429, headers }));
    const error = await http.json('/me', { lang: 'th' }).catch((problem: unknown) => problem);
    expect((error as ApiError).problem).toMatchObject({
      type: 'urn:muang:problem:too-many-requests',
      wait: 12,
    });
  });
});

describe('a refused sign-in', () => {
  const refused = (status: number, more: object = {}) =>
    new ApiError({ title: 'title', status, ...more });

  it('is told by what happened', () => {
    const needed = refused(401, { type: 'urn:muang:problem:code-needed' });
    expect(troubleOf(needed, 'password', 0)).toBe('code');
    expect(troubleOf(refused(401), 'password', 0)).toMatchObject({ key: 'login.wrong' });
    expect(troubleOf(refused(401), 'code', 0)).toMatchObject({ key: 'login.wrongCode' });
    expect(troubleOf(refused(429, { wait: 8 }), 'password', 1000)).toEqual({
      key: 'login.wait',
      until: 9000,
    });
    expect(troubleOf(new TypeError('net'), 'password', 0)).toMatchObject({ key: 'login.away' });
    expect(troubleOf(refused(503), 'password', 0)).toMatchObject({ key: 'login.unready' });
    expect(troubleOf(refused(403, { detail: 'why' }), 'password', 0)).toEqual({ said: 'why' });
  });

  it('at a provider is told by the address it leads back to', () => {
    expect(providerTrouble('?error=refused')).toMatchObject({ key: 'login.oidcRefused' });
    expect(providerTrouble('?error=away')).toMatchObject({ key: 'login.oidcAway' });
    expect(providerTrouble('?error=<b>')).toBeNull();
  });

  it('counts down', () => {
    expect(countdown(75_400, 0)).toBe('1:16');
    expect(countdown(1_000, 5_000)).toBe('0:00');
    expect(spokenWait(16, 'en')).toBe('16 seconds');
    expect(spokenWait(75, 'en')).toBe('2 minutes');
  });
});

describe('a QR code', () => {
  it('is a path within its margin', () => {
    const { size, path } = qrOf('otpauth://totp/muang:somsri?secret=ABC&issuer=muang');
    const places = [...path.matchAll(/M(\d+) (\d+)h1v1h-1z/g)].flatMap(([, x, y]) => [
      Number(x),
      Number(y),
    ]);
    expect(places.length).toBeGreaterThan(200);
    expect(Math.min(...places)).toBe(4);
    expect(Math.max(...places)).toBe(size - 5);
  });
});
