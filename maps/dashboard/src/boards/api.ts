/** The boards over HTTP: what is read whole, and actions that name the version they were made of. */
import type { Api } from '../api/client.ts';
import type { Feature } from '../api/types.ts';
import type { Acting } from '../desk/acting.ts';
import type { Lang } from '../i18n/index.ts';
import { once } from '../incidents/api.ts';

const MOST = 1000;
/** A version no record has: the server then tells who was first. */
const OUTDATED = '0000000000000000';

export interface Waiting {
  readonly household: string;
  readonly run: string;
  readonly reason: string | null;
}

export interface Home {
  readonly care_code: string;
  readonly household: string | null;
  readonly needs: readonly string[] | null;
}

export interface PlannedRun {
  readonly team: string;
  readonly number: number;
  readonly to: readonly string[];
  readonly under_way: boolean;
  readonly stops: readonly {
    readonly household: string;
    readonly sitting: number;
    readonly lying: number;
  }[];
}

export interface Plan {
  readonly id: string;
  readonly runs: readonly PlannedRun[];
}

/** A record that was written, and its version now. */
export interface Written {
  readonly id: number;
  readonly version: string | null;
}

type Body = Readonly<Record<string, unknown>>;

export class BoardApi {
  readonly #api: Api;
  readonly #acting: Acting;

  constructor(api: Api, acting: Acting) {
    this.#api = api;
    this.#acting = acting;
  }

  /** A layer without a place, whole; the newest records where there are more than that. */
  async all(layer: string, lang: Lang, filter?: string): Promise<readonly Feature[]> {
    const page = await this.#api.items(layer, lang, {
      limit: MOST,
      bare: true,
      ...(filter ? { filter } : {}),
    });
    return page.features;
  }

  async waiting(lang: Lang): Promise<readonly Waiting[]> {
    const path = '/evacuation-runs/waiting';
    return (await this.#api.http.json<{ waiting: Waiting[] }>(path, { lang })).waiting;
  }

  async homes(area: Feature, lang: Lang): Promise<readonly Home[]> {
    const path = `/power-areas/${area.id}/homes`;
    return (await this.#api.http.json<{ homes: Home[] }>(path, { lang })).homes;
  }

  /** Households whose code begins so. */
  async households(start: string, lang: Lang): Promise<readonly Feature[]> {
    const safe = start.replace(/[^\p{L}\p{M}\p{N}/.-]/gu, '');
    if (!safe) return [];
    const page = await this.#api.items('households', lang, {
      limit: 8,
      bare: true,
      filter: `code LIKE '${safe}%'`,
    });
    return page.features;
  }

  /** Roads near a place, for a closure to name. */
  async roadsNear([lng, lat]: readonly [number, number], lang: Lang): Promise<readonly Feature[]> {
    const reach = 0.0004;
    const page = await this.#api.items('roads', lang, {
      limit: 6,
      bare: true,
      bbox: [lng - reach, lat - reach, lng + reach, lat + reach],
      properties: ['code', 'name'],
    });
    return page.features;
  }

  async roadsNamed(codes: readonly string[], lang: Lang): Promise<readonly Feature[]> {
    const safe = codes.filter((code) => !code.includes("'"));
    if (safe.length === 0) return [];
    const page = await this.#api.items('roads', lang, {
      limit: MOST,
      bare: true,
      properties: ['code', 'name'],
      filter: `code IN (${safe.map((code) => `'${code}'`).join(',')})`,
    });
    return page.features;
  }

  plan(flood: unknown, lang: Lang): Promise<Plan> {
    return this.#api.http.json('/queries/evacuation', { lang, method: 'POST', body: { flood } });
  }

  /** A step of the war room that begins something. */
  post<T>(path: string, body: Body, lang: Lang): Promise<T> {
    return this.#api.http.json(path, { lang, method: 'POST', body, headers: once() });
  }

  /** Takes a step back that was just made: of the version it left, so nobody else's is undone. */
  undo(path: string, version: string | null, body: Body, lang: Lang): Promise<unknown> {
    const headers = { ...matching(version), ...once() };
    return this.#api.http.json(`${path}/undo`, { lang, method: 'POST', body, headers });
  }

  /** A step on a record as the reader saw it; the second of two people is told who was first. */
  async step(layer: string, seen: Feature, path: string, body: Body, lang: Lang): Promise<Written> {
    const version = await this.#version(layer, seen, lang);
    return this.#api.http.json(path, {
      lang,
      method: 'POST',
      body,
      headers: { ...matching(version), ...once() },
    });
  }

  /** An edit of a record as the reader saw it, or of the version an edit of ours left. */
  async patch(
    layer: string,
    seen: Feature | Written,
    properties: Body,
    lang: Lang,
  ): Promise<Written> {
    const version = 'properties' in seen ? await this.#version(layer, seen, lang) : seen.version;
    const response = await this.#api.http.send(`/ogc/collections/${layer}/items/${seen.id}`, {
      lang,
      method: 'PATCH',
      body: { type: 'Feature', properties },
      headers: { ...matching(version), ...once(), ...this.#acting.header },
    });
    return { id: Number(seen.id), version: versionOf(response) };
  }

  async make(
    layer: string,
    geometry: GeoJSON.Geometry,
    properties: Body,
    lang: Lang,
  ): Promise<Written> {
    const response = await this.#api.http.send(`/ogc/collections/${layer}/items`, {
      lang,
      method: 'POST',
      body: { type: 'Feature', geometry, properties },
      headers: { ...once(), ...this.#acting.header },
    });
    const { id } = (await response.json()) as { id: number };
    return { id, version: versionOf(response) };
  }

  async remove(layer: string, { id, version }: Written, lang: Lang): Promise<void> {
    await this.#api.http.send(`/ogc/collections/${layer}/items/${id}`, {
      lang,
      method: 'DELETE',
      headers: { ...matching(version), ...once(), ...this.#acting.header },
    });
  }

  /** The version of what the reader saw: today's if nobody has written since, else none there is. */
  async #version(layer: string, seen: Feature, lang: Lang): Promise<string> {
    const path = `/ogc/collections/${layer}/items/${seen.id}?skipGeometry=true`;
    const response = await this.#api.http.send(path, { lang });
    const now = (await response.json()) as Feature;
    const same = now.properties['updated_at'] === seen.properties['updated_at'];
    return (same && versionOf(response)) || OUTDATED;
  }
}

function matching(version: string | null): Readonly<Record<string, string>> {
  return version ? { 'If-Match': `"${version}"` } : {};
}

function versionOf(response: Response): string | null {
  return response.headers.get('ETag')?.replace(/^W?\/?"|"$/g, '') ?? null;
}
