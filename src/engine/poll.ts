/** Pauses between two looks at something that is awaited: short at first, then every 2 s. Milliseconds. */
export function* pauses(): Generator<number, never> {
  for (let pause = 250; ; pause = Math.min(pause * 2, 2000)) yield pause;
}
