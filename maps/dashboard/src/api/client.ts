import type { Lang } from '../i18n/index.ts';
import { Http } from './http.ts';
import type {
  BasemapStyle,
  BBox,
  Collection,
  Feature,
  FeaturePage,
  FloodRequest,
  ImpactAnswer,
  LayerSchema,
  Me,
  RasterEntry,
  TownStyle,
} from './types.ts';

export interface PageQuery {
  readonly bbox?: BBox;
  readonly limit: number;
  readonly offset?: number;
  readonly properties?: readonly string[];
  /** Leave geometries out: a list of names needs none. */
  readonly bare?: boolean;
  /** These records only. */
  readonly ids?: readonly number[];
  /** A condition in CQL2 text. */
  readonly filter?: string;
  /** Fields that must have these values. */
  readonly where?: Readonly<Record<string, string>>;
}

/** Typed calls to the server about the town. Nothing here knows the page. */
export class Api {
  readonly http: Http;
  /** The moment the town is read as of (RFC 3339); null: now. */
  asOf: string | null = null;
  /** When the last public picture was made, while that is all there is (milliseconds). */
  pictureAt: number | null = null;
  readonly #schemas = new Map<string, Promise<LayerSchema>>();

  constructor(http: Http = new Http()) {
    this.http = http;
  }

  /** Who the browser is to the server; told by the last public picture where no server answers. */
  async me(lang: Lang): Promise<Me> {
    const response = await this.http.send(`/me?${query({ lang })}`, { lang, expectRefusal: true });
    const made = response.headers.get('X-Muang-Picture');
    this.pictureAt = made ? Number(made) : null;
    return (await response.json()) as Me;
  }

  style(lang: Lang): Promise<TownStyle> {
    return this.http.json(`/styles/town.json?${query({ lang })}`, { lang });
  }

  basemap(lang: Lang): Promise<BasemapStyle> {
    return this.http.json(`/styles/basemap.json?${query({ lang })}`, { lang });
  }

  /** Ids of the rasters one may see. */
  async rasters(lang: Lang): Promise<readonly string[]> {
    const path = `/rasters?${query({ lang })}`;
    const answer = await this.http.json<{ rasters: readonly { id: string }[] }>(path, { lang });
    return answer.rasters.map(({ id }) => id);
  }

  raster(id: string, lang: Lang): Promise<RasterEntry> {
    return this.http.json(`/rasters/${encodeURIComponent(id)}.json?${query({ lang })}`, { lang });
  }

  rasterValue(
    id: string,
    lng: number,
    lat: number,
    lang: Lang,
    signal?: AbortSignal,
  ): Promise<{ readonly text: string }> {
    const asked = query({ lang, lon: lng.toFixed(6), lat: lat.toFixed(6) });
    return this.http.json(`/rasters/${encodeURIComponent(id)}/value?${asked}`, { lang, signal });
  }

  async collections(lang: Lang): Promise<readonly Collection[]> {
    const path = `/ogc/collections?${query({ lang })}`;
    const answer = await this.http.json<{ collections: readonly Collection[] }>(path, { lang });
    return answer.collections;
  }

  /** Titles, units and code labels of a layer's fields; fetched once per language. */
  schema(layer: string, lang: Lang): Promise<LayerSchema> {
    const key = `${layer} ${lang}`;
    const known = this.#schemas.get(key);
    if (known) return known;
    const asked = this.http.json<LayerSchema>(
      `/ogc/collections/${encodeURIComponent(layer)}/schema?${query({ lang })}`,
      { lang },
    );
    this.#schemas.set(key, asked);
    asked.catch(() => this.#schemas.delete(key));
    return asked;
  }

  items(layer: string, lang: Lang, page: PageQuery, signal?: AbortSignal): Promise<FeaturePage> {
    const asked = query({
      ...page.where,
      lang,
      limit: page.limit,
      offset: page.offset,
      bbox: page.bbox?.map((degree) => degree.toFixed(6)).join(','),
      properties: page.properties?.join(','),
      skipGeometry: page.bare ? 'true' : undefined,
      filter: page.ids ? `id IN (${page.ids.length ? page.ids.join(',') : -1})` : page.filter,
      as_of: this.asOf ?? undefined,
    });
    return this.http.json(`/ogc/collections/${encodeURIComponent(layer)}/items?${asked}`, {
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
    const asked = query({
      lang,
      skipGeometry: bare ? 'true' : undefined,
      as_of: this.asOf ?? undefined,
    });
    return this.http.json(`${path}?${asked}`, { lang, signal });
  }

  /** Who and what a flood touches; with `listed`, just these layers and their record numbers. */
  impact(
    flood: FloodRequest,
    lang: Lang,
    signal?: AbortSignal,
    listed?: readonly string[],
  ): Promise<ImpactAnswer> {
    return this.http.json('/queries/impact', {
      lang,
      method: 'POST',
      body: {
        flood,
        ...(listed ? { layers: listed, include: ['ids'] } : {}),
        ...(this.asOf ? { as_of: this.asOf } : {}),
      },
      signal,
    });
  }
}

function query(values: Readonly<Record<string, string | number | undefined>>): string {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) asked.set(name, String(value));
  }
  return asked.toString();
}
