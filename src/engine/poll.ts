/**
 * Pauses between two looks at something that is awaited, in milliseconds: each about a tenth of what was waited so far, so that what
 * is soon there is soon seen, and at most 2 s.
 */
export function* pauses(): Generator<number, never> {
  for (let pause = 250; ; pause = Math.min(pause * 1.1, 2000)) yield Math.round(pause);
}
