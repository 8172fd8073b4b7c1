import { expect, test } from 'vitest';
import { TimeLeft } from '../../src/engine/time-left.ts';
import { planOf, step } from './bench.ts';

const second = (node: string, id: string) => step(node, id, { timeout: 0 });
const takes = ({ node }: { readonly node: string }): number => (node === 'slow' ? 5000 : 1000);

test('what is left goes down by what a batch no longer takes', () => {
  const nodes = ['quick', 'slow', 'last'];
  const steps = nodes.flatMap((node) => [second(node, '1.1-a'), second(node, '1.2-b')]);
  const time = new TimeLeft(planOf(nodes, steps, 0, 2), takes, new Map());
  expect(time.left).toBe(10_000 + 2000);
  time.ended(second('quick', '1.1-a'));
  expect(time.left).toBe(12_000);
  time.ended(second('slow', '1.1-a'));
  time.ended(second('slow', '1.1-a'));
  expect(time.left).toBe(7000);
  time.ended(second('slow', '1.2-b'));
  expect(time.left).toBe(1000 + 2000);
  for (const node of nodes) for (const id of ['1.1-a', '1.2-b']) time.ended(second(node, id));
  expect(time.left).toBe(0);
});

test('of a resumed run only what has no outcome yet is left', () => {
  const steps = [second('a', '1.1-a'), second('a', '1.2-b'), second('a', '1.3-c')];
  const progress = new Map([
    ['a/1.1-a', { attempts: 1, outcome: 'changed' as const }],
    ['a/1.2-b', { attempts: 1, outcome: 'failed' as const }],
  ]);
  expect(new TimeLeft(planOf(['a'], steps), takes, progress).left).toBe(2000);
});
