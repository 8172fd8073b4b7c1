import { beforeAll, expect, test } from 'vitest';
import { randomCluster, templates, type Templates } from './random-cluster.ts';
import { compareTwin, textsOf } from './twins.ts';

let made: Templates;
beforeAll(async () => {
  made = await templates();
});

const seeds = Array.from({ length: 20 }, (_, index) => index + 1);

test.each(seeds)('the twin of random cluster %i is what it was made from', async (seed) => {
  const comparison = await compareTwin(randomCluster(seed, made));
  expect(textsOf(comparison)).toEqual([]);
});

test('the same seed makes the same cluster', () => {
  expect(randomCluster(7, made)).toEqual(randomCluster(7, made));
});
