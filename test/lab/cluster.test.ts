import { describe, expect, it } from 'vitest';
import { reboot } from '../../src/lab/boot.ts';
import { machineNamed } from '../../src/lab/world.ts';
import { fakeLab } from './rig.ts';

describe('drain in the lab', () => {
  it('empties a node of the default workloads without further flags and gives their pods to others', async () => {
    const { run, lab } = await fakeLab();
    const drained = await run('cp-1', 'kubectl drain worker-1 --ignore-daemonsets --timeout=60s');
    expect(drained).toMatchObject({ code: 0 });
    expect(drained.stdout).toContain('node/worker-1 drained');
    const { cluster, nodes } = await lab.state();
    const left = cluster.pods
      .filter((pod) => pod.node === 'worker-1')
      .map((pod) => pod.namespace + '/' + pod.name.split('-')[0]);
    expect(left.sort()).toEqual(['demo/agent', 'kube-flannel/kube', 'kube-system/kube']);
    expect(nodes.filter((node) => node.unschedulable).map((node) => node.name)).toEqual(['worker-1']);
    expect(cluster.pods.filter((pod) => pod.name.startsWith('web')).map((pod) => pod.node)).toEqual([
      'worker-2',
      'worker-2',
    ]);
  });

  it('waits for a PodDisruptionBudget and continues when it allows again', async () => {
    const { run, clock } = await fakeLab();
    await run('cp-1', 'kubectl drain worker-1 --ignore-daemonsets && kubectl uncordon worker-1');
    const before = clock.now();
    const { code, stderr } = await run('cp-1', 'kubectl drain worker-2 --ignore-daemonsets --timeout=60s');
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /\(will retry after 5s\): Cannot evict pod as it would violate the pod's disruption budget\./,
    );
    expect(clock.now() - before).toBeGreaterThanOrEqual(5000);
  });

  it('gives up at its time limit on a budget that allows nothing, and leaves the node cordoned', async () => {
    const { run, lab } = await fakeLab({ workloads: ['blocked-pdb'] });
    const { code, stderr } = await run('cp-1', 'kubectl drain worker-1 --ignore-daemonsets --timeout=12s');
    expect(code).toBe(1);
    expect(stderr).toContain('global timeout reached: 12s');
    expect((await lab.state()).nodes.find((node) => node.name === 'worker-1')?.unschedulable).toBe(true);
  });

  it('refuses pods without a controller, emptyDir data and DaemonSets unless a flag allows it', async () => {
    const { run, lab } = await fakeLab({ workloads: ['naked', 'emptydir'] });
    const plain = await run('cp-1', 'kubectl drain worker-1');
    expect(plain.code).toBe(1);
    expect(plain.stderr).toContain('cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)');
    expect(plain.stderr).toContain(
      'cannot delete Pods with local storage (use --delete-emptydir-data to override): demo/scratch-',
    );
    expect(plain.stderr).toMatch(/declare no controller \(use --force to override\): demo\/naked/);
    const forced = await run('cp-1', 'kubectl drain worker-1 --ignore-daemonsets --delete-emptydir-data --force');
    expect(forced.code).toBe(0);
    expect((await lab.state()).cluster.pods.some((pod) => pod.name === 'naked')).toBe(false);
  });
});

describe('DaemonSets in the lab', () => {
  const drain = 'kubectl drain worker-1 --ignore-daemonsets';

  it('leave no pod alone once they are gone: it goes only with --force', async () => {
    const { run, lab } = await fakeLab({ workloads: ['orphan'] });
    const plain = await run('cp-1', drain);
    expect(plain.code).toBe(1);
    expect(plain.stderr).toContain('cannot delete daemonsets.apps "gone" not found: demo/gone-x7k2p');
    expect((await run('cp-1', `${drain} --force`)).code).toBe(0);
    expect((await lab.state()).cluster.pods.some((pod) => pod.name.startsWith('gone'))).toBe(false);
  });

  it.each([
    ['1.33.4', 1, 'daemonsets.apps "kruise" not found'],
    ['1.34.1', 0, ''],
  ])('of another group are not known to kubectl %s', async (version, code, words) => {
    const { run } = await fakeLab({ workloads: ['foreign-daemonset'], kubernetes: version });
    const { stderr, ...drained } = await run('cp-1', drain);
    expect(drained.code).toBe(code);
    expect(stderr).toContain(words);
    expect((await run('cp-1', 'kubectl get daemonsets -A')).stdout).not.toContain('kruise');
  });
});

describe('what holds a drain in the lab', () => {
  const drain = 'kubectl drain worker-1 --ignore-daemonsets --timeout=12s';

  it('is a budget that blocks from the first eviction on, until it is deleted', async () => {
    const { run, lab } = await fakeLab({ workloads: ['late-pdb'] });
    const before = lab.world.cluster.budgets.find((budget) => budget.name === 'late');
    expect(before && lab.world.cluster.budgetStatus(before).allowed).toBe(1);
    const { code, stdout, stderr } = await run('cp-1', drain);
    expect(code).toBe(1);
    expect(stdout).toMatch(/pod\/late-\S+ evicted/);
    expect(stderr).toMatch(/pods\/"late-\S+" -n "demo" \(will retry after 5s\): Cannot evict pod/);
    expect((await run('cp-1', 'kubectl -n demo delete pdb late')).stdout).toBe(
      'poddisruptionbudget.policy "late" deleted\n',
    );
    expect((await run('cp-1', drain)).code).toBe(0);
  });

  it('is passed over by --disable-eviction', async () => {
    const { run } = await fakeLab({ workloads: ['blocked-pdb'] });
    const { code, stdout, stderr } = await run('cp-1', `${drain} --disable-eviction`);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/pod\/single-\S+ deleted/);
    expect(stdout).not.toContain('evicting pod');
  });

  it('is a second budget on the same pod, which fails at once', async () => {
    const { run, clock } = await fakeLab({ workloads: ['two-pdbs'] });
    const began = clock.now();
    const { code, stderr } = await run('cp-1', drain);
    expect(code).toBe(1);
    expect(stderr).toContain('This pod has more than one PodDisruptionBudget, which the eviction subresource does not');
    expect(clock.now() - began).toBeLessThan(12_000);
  });

  it('is a pod that stays Terminating, as nothing removes its finalizer', async () => {
    const { run } = await fakeLab({ workloads: ['finalizer'] });
    const { code, stderr } = await run('cp-1', drain);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /error when waiting for pod "stays-\S+" in namespace "demo" to terminate: global timeout reached: 12s/,
    );
    const { stdout } = await run('cp-1', 'kubectl -n demo get pods -l app=stays --no-headers');
    expect(stdout).toContain('Terminating');
  });

  it('is a budget that the disruption controller cannot compute', async () => {
    const { run } = await fakeLab({ workloads: ['unsynced-pdb'] });
    expect((await run('cp-1', drain)).code).toBe(1);
    expect((await run('cp-1', 'kubectl -n demo get pdb unscaled -o json')).stdout).toContain('"SyncFailed"');
  });

  it('leaves pods Pending that ask for more than the other nodes have', async () => {
    const { run, lab } = await fakeLab({ workloads: ['too-big'] });
    expect((await run('cp-1', drain)).code).toBe(0);
    const big = (await lab.state()).cluster.pods.filter((pod) => pod.name.startsWith('big'));
    expect(new Set(big.map((pod) => pod.node))).toEqual(new Set(['worker-2', null]));
  });
});

describe('kubectl in the lab', () => {
  it('works for root on control planes only', async () => {
    const { run } = await fakeLab();
    const worker = await run('worker-1', 'kubectl get nodes');
    expect(worker).toMatchObject({
      code: 1,
      stderr: 'The connection to the server localhost:8080 was refused - did you specify the right host or port?\n',
    });
    expect((await run('cp-1', 'kubectl get nodes', 1000)).code).toBe(1);
    expect((await run('cp-1', 'sudo kubectl get nodes -o name', 1000)).stdout).toBe(
      'node/cp-1\nnode/cp-2\nnode/cp-3\nnode/worker-1\nnode/worker-2\n',
    );
  });

  it('asks one API server directly, and is refused by one that is down', async () => {
    const { lab, run } = await fakeLab();
    const ask = 'kubectl --server https://10.10.0.12:6443 get --raw /readyz';
    expect(await run('cp-1', ask)).toMatchObject({ code: 0, stdout: 'ok' });
    const machine = machineNamed(lab.world, 'cp-2');
    if (machine) reboot(machine);
    expect((await run('cp-1', ask)).stderr).toContain('The connection to the server 10.10.0.12:6443 was refused');
  });

  it('prints jsonpath, custom columns and names, and names what is missing', async () => {
    const { run } = await fakeLab({ controlPlanes: 1, workers: 1 });
    const script = `kubectl get nodes -o jsonpath='{range .items[*]}{.metadata.name}={.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}'`;
    expect((await run('cp-1', script)).stdout).toBe('cp-1=True\nworker-1=True\n');
    expect((await run('cp-1', 'kubectl get node nope')).stderr).toBe(
      'Error from server (NotFound): nodes "nope" not found\n',
    );
    expect((await run('cp-1', 'kubectl -n demo get pdb -o custom-columns=N:.metadata.name')).stdout).toBe('N\nweb\n');
  });

  it('keeps annotations and labels of nodes, and takes them away', async () => {
    const { run, lab } = await fakeLab({ controlPlanes: 1, workers: 0 });
    await run('cp-1', 'kubectl annotate node cp-1 runbook/failed="it broke" && kubectl label node cp-1 a=b');
    expect((await lab.state()).nodes[0]?.annotations['runbook/failed']).toBe('it broke');
    expect((await run('cp-1', 'kubectl annotate node cp-1 runbook/failed=x')).code).toBe(1);
    expect(
      (await run('cp-1', 'kubectl annotate node cp-1 runbook/failed-; kubectl get no -l a=b -o name')).stdout,
    ).toContain('node/cp-1\n');
    expect((await lab.state()).nodes[0]?.annotations['runbook/failed']).toBeUndefined();
  });
});
