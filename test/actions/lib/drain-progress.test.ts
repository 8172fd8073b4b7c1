import { expect, test } from 'vitest';
import { DrainProgress } from '../../../src/actions/lib/drain-progress.ts';

const refused = (name: string) =>
  `error when evicting pods/"${name}" -n "demo" (will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget.\n`;

function names(pods: readonly { readonly pod: string }[]): string[] {
  return pods.map(({ pod }) => pod);
}

test('pods are held while a budget refuses them, ending once it does not, and gone when kubectl says so', () => {
  const picture = new DrainProgress();
  picture.take('node/w1 cordoned\nevicting pod demo/a\nevicting pod demo/b\nevicting pod demo/c\n', 0);
  picture.take(refused('a') + refused('b'), 100);
  expect(names(picture.held(200))).toEqual(['demo/a', 'demo/b']);
  expect(names(picture.ending(200))).toEqual(['demo/c']);
  picture.take('pod/c evicted\nevicting pod demo/a\nevicting pod demo/b\n', 5100);
  picture.take(refused('b'), 5200);
  expect(names(picture.held(9000))).toEqual(['demo/b']);
  expect(names(picture.ending(9000))).toEqual(['demo/a']);
  picture.take('pod/a evicted\npod/b evicted\nnode/w1 drained\n', 10_000);
  expect(picture.isOver).toBe(true);
});

test('what older kubectls and two budgets on one pod say is understood, lines of success are no refusal', () => {
  const picture = new DrainProgress();
  picture.take('evicting pod demo/old\nevicting pod demo/two\n', 0);
  picture.take(
    'error when evicting pod "old" (will retry after 5s): Cannot evict pod as it would violate the pod\'s disruption budget.\n',
    1,
  );
  picture.take(
    'error when evicting pods/"two" -n "demo": This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.\n',
    1,
  );
  expect(names(picture.held(2))).toEqual(['demo/old', 'demo/two']);
  expect(picture.bypassed).toBeUndefined();
  picture.take('PodDisruptionBudgets are bypassed, because: the machine burns\n', 3);
  expect(picture.bypassed).toBe('the machine burns');
});

test('a drain that gave up is over, and what held it at last is still known; another one begins anew', () => {
  const picture = new DrainProgress();
  picture.take(
    `evicting pod demo/a\n${refused('a')}There are pending pods in node "w1" when an error occurred: []\n`,
    0,
  );
  expect([picture.isOver, names(picture.held(10))]).toEqual([true, ['demo/a']]);
  picture.take('evicting pod demo/a\n', 20);
  expect(picture.isOver).toBe(false);
});

test('what kubectl names at its end counts, not the pod that was seen ending last', () => {
  const progress = new DrainProgress();
  progress.take(`evicting pod demo/a\nevicting pod demo/b\n${refused('a')}`, 0);
  progress.take(
    'There are pending pods in node "w1" when an error occurred: error when evicting pods/"a" -n "demo": global timeout reached: 10s\n',
    10_000,
  );
  expect(names(progress.end?.held ?? [])).toEqual(['demo/a']);
  expect(progress.end?.ending).toEqual([]);
  progress.take(
    'error: unable to drain node "w1" due to error: [error when evicting pods/"a" -n "demo": global timeout reached: 10s, error when waiting for pod "b" in namespace "demo" to terminate: global timeout reached: 10s], continuing command...\n',
    10_001,
  );
  expect([names(progress.end?.held ?? []), names(progress.end?.ending ?? [])]).toEqual([['demo/a'], ['demo/b']]);
});

test('volumes that stay attached are what it gave up on', () => {
  const progress = new DrainProgress();
  progress.take('volumes are still attached to w1 after 10 s: pvc-1 (csi-1) \n', 0);
  expect(progress.attached).toBe('volumes are still attached to w1 after 10 s: pvc-1 (csi-1)');
});
