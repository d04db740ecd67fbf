/** Incidents over HTTP: lists, actions that name the version they were made of, and the story. */
import type { Api } from '../api/client.ts';
import type { Feature } from '../api/types.ts';
import type { Lang } from '../i18n/index.ts';
import type { Action, Incident, LogStep, NewIncident, Said } from './types.ts';

const MOST = 500;
const MOST_ASIDE = 200;

export class IncidentApi {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** What still asks something of somebody; as of the moment shown where that is past. */
  async active(lang: Lang): Promise<Incident[]> {
    if (this.#api.asOf) {
      const page = await this.#api.items('incidents', lang, { limit: MOST });
      return page.features.map(ofFeature).filter(isActive);
    }
    const path = `/incidents?active=true&limit=${MOST}`;
    const { incidents } = await this.#api.http.json<{ incidents: Incident[] }>(path, { lang });
    return incidents;
  }

  one(id: number | string, lang: Lang): Promise<Incident> {
    return this.#api.http.json(`/incidents/${encodeURIComponent(id)}`, { lang });
  }

  /** One step; the second of two people is told who was first (409, 412). */
  act({ id, version }: Incident, action: Action, said: Said, lang: Lang): Promise<Incident> {
    return this.#api.http.json(`/incidents/${id}/${action}`, {
      lang,
      method: 'POST',
      body: said,
      headers: { ...(version ? { 'If-Match': `"${version}"` } : {}), ...once() },
    });
  }

  /** `mark` is the form's own: a form that is sent twice raises one incident. */
  raise(
    incident: NewIncident,
    lang: Lang,
    mark: Readonly<Record<string, string>>,
  ): Promise<Incident & { duplicates?: number[] }> {
    return this.#api.http.json('/incidents', {
      lang,
      method: 'POST',
      body: incident,
      headers: mark,
    });
  }

  async duplicates(id: number, lang: Lang): Promise<readonly { incident: number; code: string }[]> {
    const path = `/incidents/${id}/duplicates`;
    const found = await this.#api.http.json<{
      duplicates: readonly { incident: number; code: string }[];
    }>(path, { lang });
    return found.duplicates;
  }

  /** Who did what to one incident and when, newest last; also where no event was open. */
  async story(id: number, lang: Lang): Promise<LogStep[]> {
    const path = `/incidents/${id}/steps`;
    const { steps } = await this.#api.http.json<{ steps: LogStep[] }>(path, { lang });
    return steps;
  }

  /** The newest that ask nothing of anybody now: put aside, merged into another, or over. */
  async aside(lang: Lang): Promise<Incident[]> {
    const path = `/incidents?limit=${MOST_ASIDE}`;
    const { incidents } = await this.#api.http.json<{ incidents: Incident[] }>(path, { lang });
    return incidents.filter((incident) => !isActive(incident));
  }
}

/** A request that is sent again does nothing twice. */
export function once(): Readonly<Record<string, string>> {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return {
    'Idempotency-Key': [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
  };
}

export function ofFeature({ id, geometry, properties }: Feature): Incident {
  const at = geometry?.type === 'Point' ? geometry.coordinates : undefined;
  return {
    ...(properties as unknown as Incident),
    id: Number(id),
    ...(at ? { at: [at[0] ?? 0, at[1] ?? 0] as const } : {}),
  };
}

function isActive({ status, merged_into, shelved_until }: Incident): boolean {
  return status !== 'all_clear' && !merged_into && !shelved_until;
}
