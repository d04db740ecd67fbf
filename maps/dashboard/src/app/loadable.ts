import type { Problem } from '../api/problem.ts';

/** Something fetched: what there is of it, whether more is coming, and what went wrong. */
export interface Loadable<T> {
  readonly value?: T;
  readonly loading: boolean;
  readonly problem?: Problem;
}

export const nothing: Loadable<never> = { loading: false };

export function loading<T>(before?: Loadable<T>): Loadable<T> {
  return before?.value === undefined ? { loading: true } : { loading: true, value: before.value };
}

export function loaded<T>(value: T): Loadable<T> {
  return { loading: false, value };
}

/** Failed; what was known before stays to be shown as old. */
export function failed<T>(problem: Problem, before?: Loadable<T>): Loadable<T> {
  return before?.value === undefined
    ? { loading: false, problem }
    : { loading: false, problem, value: before.value };
}
