/** RFC 9457 problem details: the one shape of every error the server sends. */
export interface Problem {
  readonly type?: string;
  readonly title: string;
  readonly status: number;
  /** The sentence for a person, already in the asked language. */
  readonly detail?: string;
  /** An id found in the server's log. */
  readonly instance?: string;
  /** Seconds until it is worth asking again (`Retry-After`). */
  readonly wait?: number;
}

/** A request that failed. `status` 0 means that no answer came at all. */
export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail ?? problem.title);
    this.name = 'ApiError';
    this.problem = problem;
  }

  get status(): number {
    return this.problem.status;
  }
}

/** The error of a response that is not OK; understands problem+json and anything else. */
export async function errorOf(response: Response): Promise<ApiError> {
  let body: Partial<Problem> = {};
  if ((response.headers.get('content-type') ?? '').includes('json')) {
    try {
      body = (await response.json()) as Partial<Problem>;
    } catch {
      // a broken body says nothing more than the status does
    }
  }
  const wait = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new ApiError({
    title: body.title ?? response.statusText,
    status: response.status,
    ...(body.type ? { type: body.type } : {}),
    ...(wait > 0 ? { wait } : {}),
    ...(body.detail ? { detail: body.detail } : {}),
    ...(body.instance ? { instance: body.instance } : {}),
  });
}

/** Any thrown value as a Problem; a fetch that failed or waited too long has status 0. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem;
  const late = error instanceof DOMException && error.name === 'TimeoutError';
  if (late || error instanceof TypeError) return { title: error.message, status: 0 };
  return { title: String(error instanceof Error ? error.message : error), status: -1 };
}
