import { expect, test } from 'vitest';
import { readLooked } from '../../src/engine/files.ts';
import { Bench, planOf, step } from './bench.ts';

/** Whether a node where `web` is installed at 1.2 is asked for what its repositories offer, by two steps on it. */
async function asksOffers(...versions: readonly string[]): Promise<boolean> {
  const steps = versions.map((version, index) =>
    step('a', `1.${index + 1}-install`, { action: 'install-packages', with: { packages: ['web'], version } }),
  );
  const bench = new Bench(planOf(['a'], steps));
  const { links, state, phases } = bench.context();
  await readLooked(links, state.localFiles, phases[0]?.steps ?? [], { nodes: {} }, true);
  return !bench.node('a').probes[0]?.includes("*[' ':]'1.2 '*");
}

test('a package at the revision that all steps want is not asked about, one that steps want at several is', async () => {
  expect(await asksOffers('1.2', '1.2')).toBe(false);
  expect(await asksOffers('1.3', '1.2')).toBe(true);
  expect(await asksOffers('', '1.2')).toBe(true);
  expect(await asksOffers('1.2', '')).toBe(true);
});
