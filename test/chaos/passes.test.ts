import { expect, test } from 'vitest';
import type { Seams } from '../../src/rehearse/controller.ts';
import { disturbPasses, passPoints } from './passes.ts';
import { passesSuite, passFailures } from './passes-suite.ts';

passesSuite(6);

test('caught: a pass that is not written down before it begins', async () => {
  const journal: Seams['journal'] = (inner) => ({
    append: async (body) => {
      if (body.type !== 'pass-started') await inner.append(body);
    },
    close: () => inner.close(),
  });
  const points = passPoints((await disturbPasses(undefined)).seen).filter(({ at }) => at === 'claim');
  expect(await passFailures(points.slice(5, 6), { journal })).not.toEqual([]);
});
