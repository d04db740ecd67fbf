/** The time it is: the wall clock's, or while an exercise runs the exercise's own, faster one. */
import type { Me } from '../api/types.ts';

export interface Exercise {
  readonly name: string;
  readonly started_at: string;
  readonly speed: number;
}

/** The exercise that runs, as `/me` tells it; null when what is shown is real. */
export function exerciseOf(me: Me | undefined): Exercise | null {
  const told = (me as { exercise?: Exercise | null } | undefined)?.exercise;
  return told ?? null;
}

/** Milliseconds. An exercise at speed 60 tells an hour in a minute. */
export function nowOf(me: Me | undefined, wall: number = Date.now()): number {
  const exercise = exerciseOf(me);
  if (!exercise) return wall;
  const started = Date.parse(exercise.started_at);
  return started + (exercise.speed || 1) * (wall - started);
}
