import type { Phase, Step } from './model.ts';

/** Every step of a phase: its steps, then those that run at each node's end (`always`). */
export function stepsOf({ steps, always = [] }: Pick<Phase, 'steps' | 'always'>): readonly Step[] {
  return [...steps, ...always];
}
