import { describe, expect, it, vi } from 'vitest';
import { Api } from '../src/api/client.ts';
import { Http } from '../src/api/http.ts';
import { ApiError, problemOf } from '../src/api/problem.ts';
import { Store } from '../src/app/store.ts';

describe('the store', () => {
  it('tells listeners once for many settings, with what was before', async () => {
    const store = new Store({ a: 1, b: 1 });
    const heard = vi.fn();
    store.subscribe(heard);
    store.set({ a: 2 });
    store.set({ b: 3 });
    await Promise.resolve();
    expect(heard.mock.calls).toEqual([
      [
        { a: 2, b: 3 },
        { a: 1, b: 1 },
      ],
    ]);
  });

  it('says nothing when nothing changed, or nobody listens any more', async () => {
    const store = new Store({ a: 1 });
    const heard = vi.fn();
    const stop = store.subscribe(heard);
    store.set({ a: 1 });
    await Promise.resolve();
    stop();
    store.set({ a: 2 });
    await Promise.resolve();
    expect(heard).not.toHaveBeenCalled();
  });
});

describe('the server’s errors', () => {
  const answer = (status: number, body: string, type: string) =>
    new Api(
      new Http(async () => new Response(body, { status, headers: { 'content-type': type } })),
    );

  it('are told in the server’s own sentence', async () => {
    const problem = { title: 'ไม่พบ', status: 404, detail: 'ไม่มีระเบียนนี้', instance: 'urn:x' };
    const api = answer(404, JSON.stringify(problem), 'application/problem+json');
    const error = await api.me('th').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(problemOf(error)).toMatchObject(problem);
  });

  it('keep their status when the body is not what it says', async () => {
    const error = await answer(502, '<html>', 'application/json')
      .me('th')
      .catch((thrown: unknown) => thrown);
    expect(problemOf(error).status).toBe(502);
  });

  it('have status 0 when no answer came', () => {
    expect(problemOf(new TypeError('Failed to fetch')).status).toBe(0);
  });

  it('ask in the page’s language and never from the browser’s cache', async () => {
    const fetcher = vi.fn(async () => Response.json({}));
    await new Api(new Http(fetcher)).items('parcels', 'th', { limit: 5, bbox: [1, 2, 3, 4] });
    const [url, init] = fetcher.mock.calls[0] as unknown as [string, RequestInit];
    expect(url).toBe(
      '/ogc/collections/parcels/items?lang=th&limit=5&bbox=1.000000%2C2.000000%2C3.000000%2C4.000000',
    );
    expect(init).toMatchObject({ cache: 'no-cache', headers: { 'Accept-Language': 'th' } });
  });

  it('fetch a schema once, and again after it failed', async () => {
    let calls = 0;
    const away = async () => {
      calls += 1;
      if (calls === 1) throw new TypeError('away');
      return Response.json({ properties: {} });
    };
    const api = new Api(new Http(away));
    await expect(api.schema('parcels', 'th')).rejects.toThrow('away');
    await api.schema('parcels', 'th');
    await api.schema('parcels', 'th');
    expect(calls).toBe(2);
  });
});
