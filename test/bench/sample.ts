/** Milliseconds of each repetition of one way, in the order they were taken. */
export type Samples = readonly number[];

/** Of a list that is not empty. */
export function median(samples: Samples): number {
  return quantile(samples, 0.5);
}

/** The value below which that share (0 to 1) of the samples lies, between two of them where it falls there. */
export function quantile(samples: Samples, share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)];
  const above = sorted[Math.ceil(at)];
  if (below === undefined || above === undefined) throw new Error('nothing was measured');
  return below + (above - below) * (at - Math.floor(at));
}

/** Milliseconds that the work took. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/**
 * Runs all ways in turn, `rounds` times after one round that does not count: whatever else the machine does meets them
 * alike.
 * @returns the samples of each way, by its name
 */
export async function interleaved<Name extends string>(
  rounds: number,
  ways: Readonly<Record<Name, () => Promise<number>>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(ways) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, new Array<number>()])) as Record<Name, number[]>;
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const sample = await ways[name]();
      if (round > 0) samples[name].push(sample);
    }
  }
  return samples;
}
