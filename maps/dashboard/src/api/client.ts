import type { Lang } from '../i18n/index.ts';
import { errorOf } from './problem.ts';
import type {
  BBox,
  Collection,
  Feature,
  FeaturePage,
  FloodRequest,
  ImpactAnswer,
  LayerSchema,
  Me,
  TownStyle,
} from './types.ts';

/** Longer than the server gives any query: its own sentence should come first. */
const TIMEOUT_MS = 45_000;

interface Ask {
  readonly lang: Lang;
  readonly method?: 'POST';
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
}

export interface PageQuery {
  readonly bbox?: BBox;
  readonly limit: number;
  readonly offset?: number;
  readonly properties?: readonly string[];
  /** Leave geometries out: a list of names needs none. */
  readonly bare?: boolean;
}

/**
 * Typed calls to the server. Every failure is an `ApiError` (the server's own sentence) or a
 * `TypeError` (no answer). Nothing here knows the page.
 */
export class Api {
  readonly #fetch: typeof fetch;
  readonly #schemas = new Map<string, Promise<LayerSchema>>();

  constructor(fetcher: typeof fetch = (input, init) => fetch(input, init)) {
    this.#fetch = fetcher;
  }

  me(lang: Lang): Promise<Me> {
    return this.#json('/me', { lang });
  }

  style(lang: Lang): Promise<TownStyle> {
    return this.#json(`/styles/town.json?${query({ lang })}`, { lang });
  }

  async collections(lang: Lang): Promise<readonly Collection[]> {
    const path = `/ogc/collections?${query({ lang })}`;
    const answer = await this.#json<{ collections: readonly Collection[] }>(path, { lang });
    return answer.collections;
  }

  /** Titles, units and code labels of a layer's fields; fetched once per language. */
  schema(layer: string, lang: Lang): Promise<LayerSchema> {
    const key = `${layer} ${lang}`;
    const known = this.#schemas.get(key);
    if (known) return known;
    const asked = this.#json<LayerSchema>(
      `/ogc/collections/${encodeURIComponent(layer)}/schema?${query({ lang })}`,
      { lang },
    );
    this.#schemas.set(key, asked);
    asked.catch(() => this.#schemas.delete(key));
    return asked;
  }

  items(layer: string, lang: Lang, page: PageQuery, signal?: AbortSignal): Promise<FeaturePage> {
    const asked = query({
      lang,
      limit: page.limit,
      offset: page.offset,
      bbox: page.bbox?.map((degree) => degree.toFixed(6)).join(','),
      properties: page.properties?.join(','),
      skipGeometry: page.bare ? 'true' : undefined,
    });
    return this.#json(`/ogc/collections/${encodeURIComponent(layer)}/items?${asked}`, {
      lang,
      signal,
    });
  }

  /** One feature; `bare` leaves its geometry out. */
  item(
    layer: string,
    id: string | number,
    lang: Lang,
    { signal, bare }: { signal?: AbortSignal; bare?: boolean } = {},
  ): Promise<Feature> {
    const path = `/ogc/collections/${encodeURIComponent(layer)}/items/${encodeURIComponent(id)}`;
    const asked = query({ lang, skipGeometry: bare ? 'true' : undefined });
    return this.#json(`${path}?${asked}`, { lang, signal });
  }

  impact(flood: FloodRequest, lang: Lang, signal?: AbortSignal): Promise<ImpactAnswer> {
    return this.#json('/queries/impact', {
      lang,
      method: 'POST',
      body: JSON.stringify({ flood }),
      signal,
    });
  }

  async #json<T>(path: string, ask: Ask): Promise<T> {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const response = await this.#fetch(path, {
      method: ask.method ?? 'GET',
      // every answer's sentences, errors' too, come in the page's language
      headers: {
        'Accept-Language': ask.lang,
        ...(ask.body ? { 'Content-Type': 'application/json' } : {}),
      },
      ...(ask.body ? { body: ask.body } : {}),
      // a screen for decisions never reads yesterday's answer from the browser's cache
      cache: 'no-cache',
      signal: ask.signal ? AbortSignal.any([ask.signal, timeout]) : timeout,
    });
    if (!response.ok) throw await errorOf(response);
    return (await response.json()) as T;
  }
}

function query(values: Readonly<Record<string, string | number | undefined>>): string {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) asked.set(name, String(value));
  }
  return asked.toString();
}
