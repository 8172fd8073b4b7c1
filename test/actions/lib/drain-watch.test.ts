import { expect, test } from 'vitest';
import type { ClusterFacts } from '../../../src/facts/facts.ts';
import { DrainWatch } from '../../../src/actions/lib/drain-watch.ts';
import { pdb, pod } from '../../guards/cluster.ts';
import { nodeObject } from '../../guards/cluster.ts';
import { contextFor } from '../cluster.ts';

/** A watch whose sleeps end at once, each `step` milliseconds later. */
function watchOver(cluster: ClusterFacts, step: number) {
  let now = 0;
  const shown: string[] = [];
  const watch = new DrainWatch(contextFor('drain', {}), {
    now: () => now,
    sleep: async () => {
      now += step;
      await new Promise((resolve) => setImmediate(resolve));
    },
    show: (message) => shown.push(message),
    read: async (ids) => Object.fromEntries(ids.map((id) => [id, cluster[id]])),
  });
  const shows = async (words: string) => {
    await expect.poll(() => shown.join('\n')).toContain(words);
    watch.close();
  };
  return { watch, shows };
}

const REFUSED =
  'error when evicting pods/"web-1" -n "demo" (will retry after 5s): Cannot evict pod as it would violate the pod\'s disruption budget.\n';
const GAVE_UP =
  'error: unable to drain node "w-1.example" due to error: error when evicting pods/"web-1" -n "demo": global timeout reached: 10s, continuing command...\n';

test('a drain that gave up on a budget names it, although another pod was seen ending later', async () => {
  const cluster = { pods: [pod('web-1', 'w-1.example'), pod('slow-1', 'w-1.example')], pdbs: [pdb('web')] };
  const { watch, shows } = watchOver(cluster, 500);
  watch.saw(`evicting pod demo/web-1\nevicting pod demo/slow-1\n${REFUSED}`);
  await shows('PodDisruptionBudget demo/web');
  watch.saw(GAVE_UP);
  expect(watch.note()).toBe(
    'PodDisruptionBudget demo/web (allows 1 now: 3 of 3 pods healthy, 2 needed) holds demo/web-1',
  );
});

test('a node that is not reachable during its drain is named before the pods that do not end', async () => {
  const readyReason = 'NodeStatusUnknown: Kubelet stopped posting node status.';
  const cluster = { pods: [], nodes: [nodeObject('w-1.example', { ready: false, readyReason })] };
  const { watch, shows } = watchOver(cluster, 25_000);
  watch.saw('evicting pod demo/slow-1\n');
  await shows(
    `w-1.example is not Ready (${readyReason}), so no one ends its pods; still ending: demo/slow-1 (for 25 s)`,
  );
});

test('what is left of a drain is shown by name after a while, until every pod is gone', async () => {
  let now = 0;
  const shown: string[] = [];
  const sleepers: (() => void)[] = [];
  const watch = new DrainWatch(contextFor('drain', {}), {
    now: () => now,
    sleep: () => new Promise((resolve) => sleepers.push(resolve)),
    show: (message) => shown.push(message),
    read: () => Promise.resolve(undefined),
  });
  const pass = async (ms: number) => {
    await expect.poll(() => sleepers.length).toBe(1);
    now += ms;
    sleepers.shift()?.();
  };
  watch.saw('evicting pod demo/web-1\nevicting pod demo/web-2\n');
  await pass(500);
  await pass(5000);
  await expect.poll(() => shown).toEqual(['2 left: demo/web-1, demo/web-2']);
  watch.saw('pod/web-1 evicted\n');
  await pass(2000);
  await pass(3000);
  await expect.poll(() => shown).toEqual(['2 left: demo/web-1, demo/web-2', '1 left: demo/web-2']);
  watch.saw('pod/web-2 evicted\n');
  await pass(2000);
  await expect.poll(() => shown.at(-1)).toBe('every pod is gone');
  expect(shown).toHaveLength(3);
});
