import { expect, onTestFinished, test } from 'vitest';
import { reboot } from '../../src/lab/boot.ts';
import type { Cluster } from '../../src/lab/cluster.ts';
import { FastTime } from '../../src/lab/fast-time.ts';
import { keptBudgets } from '../../src/lab/kubectl/budget-list.ts';
import { keptPods } from '../../src/lab/kubectl/kept.ts';
import { budgetObject } from '../../src/lab/kubectl/more-objects.ts';
import { nodesApartFromReports } from '../../src/lab/kubectl/node-list.ts';
import { type ApiObject, mirrorPodObject, nodeObject, podObject } from '../../src/lab/kubectl/objects.ts';
import { createWorld } from '../../src/lab/lab.ts';
import { blockEvictions, cutOffRegistry } from '../../src/lab/mends.ts';
import { runScript } from '../../src/lab/run-script.ts';
import { machineNamed } from '../../src/lab/world.ts';

/** Without the times that do not count: of reports, and of taints. */
function apartFromReports({ spec, status, ...object }: ApiObject): unknown {
  const parts = [spec, status].map((part) =>
    JSON.stringify(part, (key, value: unknown) => (/^(lastHeartbeatTime|timeAdded)$/.test(key) ? '' : value)),
  );
  return { ...object, parts };
}

function freshPods(cluster: Cluster): ApiObject[] {
  return [
    ...cluster.pods.all.map((pod) => podObject(cluster, pod)),
    ...cluster.machines.flatMap((machine) =>
      [...machine.staticPods].map(([name, pod]) => mirrorPodObject(cluster, machine, name, pod)),
    ),
  ];
}

test('lists that are kept are at each moment as they would be made now', async () => {
  const time = new FastTime();
  const world = await createWorld({ controlPlanes: 1, workers: 2, clock: time, quick: true, workloads: ['late-pdb'] });
  const { cluster } = world;
  const [plane, worker] = [machineNamed(world, 'cp-1'), machineNamed(world, 'worker-1')];
  if (!plane || !worker) throw new Error('no machine');
  let looks = 0;
  const lists = new Set<unknown>();
  time.onTick = () => {
    cluster.tick();
    looks += 1;
    lists.add(keptPods(cluster)).add(nodesApartFromReports(cluster)).add(keptBudgets(cluster));
    expect(keptPods(cluster)).toEqual(freshPods(cluster));
    expect(keptBudgets(cluster)).toEqual(cluster.budgets.map((budget) => budgetObject(cluster, budget)));
    const nodes = cluster.machines.filter(({ name }) => cluster.nodes.has(name));
    expect(nodesApartFromReports(cluster).map(apartFromReports)).toEqual(
      nodes.map((machine) => apartFromReports(nodeObject(cluster, machine))),
    );
  };
  const again = () => time.after(200, again);
  again();
  const run = (on: typeof plane, script: string) => time.run(runScript(on, script));
  const drain = (node: string) => `kubectl drain ${node} --ignore-daemonsets --force --timeout=20s`;
  const unblock = blockEvictions(world, 'worker-2');
  await run(plane, drain('worker-1'));
  await run(plane, drain('worker-2'));
  await unblock?.();
  await run(plane, 'kubectl uncordon worker-1 worker-2; sleep 3; kubectl delete pdb -n demo late');
  await run(plane, 'kubectl taint node worker-1 a=b:NoSchedule; kubectl label node worker-1 a=b; sleep 1');
  await run(plane, 'kubectl taint node worker-1 a-; kubectl label node worker-1 a-; sleep 1');
  // An older one runs than is installed.
  worker.containerRuntime = 'containerd://1.5.9';
  for (const unit of ['kubelet', 'containerd'])
    await run(worker, `systemctl stop ${unit}; sleep 50; systemctl start ${unit}; sleep 5`);
  await cutOffRegistry(worker);
  reboot(worker);
  await time.run(time.sleep(60_000));
  await run(plane, 'kubectl delete node worker-2; sleep 5; systemctl restart kubelet; sleep 10');
  cluster.budgets = [];
  await run(plane, 'sleep 1');
  cluster.workloads = [];
  cluster.pods.replace([]);
  await run(plane, 'sleep 1');
  expect(looks).toBeGreaterThan(100);
  // They are kept: at most moments nothing is made again.
  expect(lists.size).toBeLessThan(looks / 2);
});

test('a drain may wait for any number of pods', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error) => void warnings.push(warning);
  process.on('warning', note);
  onTestFinished(() => void process.off('warning', note));
  const time = new FastTime();
  const world = await createWorld({ controlPlanes: 1, workers: 1, clock: time, quick: true });
  const web = world.cluster.workloads.find(({ name }) => name === 'web');
  const [plane] = world.machines;
  if (!web || !plane) throw new Error('no pods');
  world.cluster.workloads.push({ ...web, name: 'wide', labels: { app: 'wide' }, replicas: 14 });
  const drain = 'kubectl drain worker-1 --ignore-daemonsets --timeout=20s';
  const { stdout } = await time.run(runScript(plane, `kubectl get pods -A; sleep 5; ${drain}`));
  await new Promise((resolve) => setImmediate(resolve));
  expect(stdout.match(/^pod\/wide-\S+ evicted$/gm)).toHaveLength(14);
  expect(warnings).toEqual([]);
});
