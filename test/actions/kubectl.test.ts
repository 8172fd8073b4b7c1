import { afterEach, beforeEach, expect, test } from 'vitest';
import { Bench } from './bench.ts';
import { actionNamed, contextFor, isDone, pod, scriptOf } from './cluster.ts';
import type { Facts } from '../../src/facts/facts.ts';
import type { NodeObject } from '../../src/facts/nodes.ts';

const KUBECTL = 'kubectl --kubeconfig /etc/kubernetes/admin.conf';
const DRAIN = `${KUBECTL} drain w-1.example --ignore-daemonsets --timeout=600s`;

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
  cluster({});
});
afterEach(() => {
  bench.remove();
});

/** A kubectl with one Node object: its cordon and our annotation are files. */
function cluster(options: { drain?: number; says?: string; patch?: 'fails'; get?: 'fails' }): void {
  bench.tool(
    'kubectl',
    `case "$*" in
*jsonpath={.spec.unschedulable}*) ${options.get ? 'exit 1' : '[ ! -e cordoned ] || printf true'} ;;
*jsonpath={.metadata.annotations.*) [ ! -e mark ] || cat mark ;;
*annotate*cordoned-by=*) printf %s "$*" | sed 's/.*cordoned-by=//; s/ .*//' >mark ;;
*annotate*) rm -f mark ;;
*uncordon*) ${options.patch ? ':' : 'rm -f cordoned'} ;;
*" cordon "*) ${options.patch ? ':' : ': >cordoned'} ;;
*drain*) : >cordoned; echo ${JSON.stringify(options.says ?? '')} >&2; exit ${options.drain ?? 0} ;;
esac`,
  );
}

const state = () => ({ cordoned: bench.has('cordoned'), mark: bench.has('mark') ? bench.read('mark') : undefined });

test('a drain writes down whose cordon it is before it cordons, under the name of the Node object', () => {
  const { text, commands } = scriptOf('drain', {});
  const { code, calls } = bench.run(text);
  expect(code).toBe(0);
  expect(commands).toEqual([DRAIN]);
  expect(calls.filter((call) => !call.includes(' get '))).toEqual([
    `${KUBECTL} annotate node w-1.example runbook/cordoned-by=run-7 --overwrite`,
    DRAIN,
  ]);
  expect(state()).toEqual({ cordoned: true, mark: 'run-7' });
});

test('a script that is older than its run takes the name of the run from its environment', () => {
  bench.run(scriptOf('drain', {}).text, { RUNBOOK_RUN: '20261121-a' });
  expect(state().mark).toBe('20261121-a');
});

test('a failed drain gives the node back and hands its exit code on', () => {
  cluster({ drain: 7 });
  const { code, stderr } = bench.run(scriptOf('drain', {}).text);
  expect(code).toBe(7);
  expect(stderr).toContain('uncordoned again: w-1.example');
  expect(state()).toEqual({ cordoned: false, mark: undefined });
});

test.each([
  ["Cannot evict pod as it would violate the pod's disruption budget.", 75],
  ['This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.', 75],
  ['error when waiting for pod web-1 in namespace demo to terminate: global timeout reached: 5s', 1],
])('a node is left out for budgets alone: %s', (says, code) => {
  cluster({ drain: 1, says });
  expect(bench.run(scriptOf('drain', { onBlocked: 'skip-node' }).text).code).toBe(code);
  expect(state().cordoned).toBe(false);
});

test('a budget that has held another drain of the run is waited for half a minute, where it holds the same drain', () => {
  const says = 'error when evicting pods/"web-1" -n "demo": global timeout reached: disruption budget';
  cluster({ drain: 1, says });
  const { text } = scriptOf('drain', { onBlocked: 'skip-node' });
  let before = 0;
  const limitsOf = (pods: string) => {
    const { code, calls } = bench.run(text, { RUNBOOK_HELD_PODS: pods });
    const drains = calls.filter((call) => call.includes(' drain ')).slice(before);
    before += drains.length;
    return [code, ...drains.map((call) => / --timeout=(\S+)/.exec(call)?.[1])];
  };
  expect(limitsOf('demo/web-2 demo/web-1')).toEqual([75, '30s', '5s']);
  expect(state().cordoned).toBe(false);
  expect(limitsOf('demo/web-2 other/web-1')).toEqual([75, '30s', '5s', '600s', '5s']);
  expect(limitsOf('')).toEqual([75, '600s', '5s']);
  cluster({});
  expect(limitsOf('demo/web-1')).toEqual([0, '30s']);
  expect(state().cordoned).toBe(true);
});

test('the pods of a node that known budgets hold are those that a drain would evict', () => {
  const context = contextFor('drain', { onBlocked: 'skip-node' });
  const pods = [pod('w-1.example', 'web', {}), pod('w-2', 'web', {}), pod('w-1.example', 'db', {})];
  const numbers = { disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 };
  const pdb = {
    namespace: 'demo',
    name: 'web',
    selector: { matchLabels: { app: 'web' }, matchExpressions: [] },
    ...numbers,
  };
  const at = {
    ...context,
    facts: { ...context.facts, cluster: { ...context.facts.cluster, pods, pdbs: [pdb] } },
  } as never;
  const drain = actionNamed('drain');
  expect(drain.knownHolders?.(at, ['demo/web', 'demo/db'])).toEqual({ RUNBOOK_HELD_PODS: 'demo/web-w-1.example' });
  expect(drain.knownHolders?.(at, ['demo/db'])).toEqual({});
});

test('a failed drain that this run began earlier gives the node back too', () => {
  cluster({ drain: 1 });
  bench.write('cordoned', '');
  bench.write('mark', 'run-7');
  expect(bench.run(scriptOf('drain', {}).text).code).toBe(1);
  expect(state()).toEqual({ cordoned: false, mark: undefined });
});

test('a node that someone else had cordoned is not marked, and stays cordoned after a failed drain', () => {
  cluster({ drain: 1 });
  bench.write('cordoned', '');
  expect(bench.run(scriptOf('drain', {}).text).code).toBe(1);
  expect(state()).toEqual({ cordoned: true, mark: undefined });
});

test('when the node cannot be given back, the mark stays on it', () => {
  cluster({ drain: 1, patch: 'fails' });
  expect(bench.run(scriptOf('drain', {}).text).code).toBe(1);
  expect(state()).toEqual({ cordoned: true, mark: 'run-7' });
});

test('a node whose cordon cannot be read is not touched', () => {
  cluster({ get: 'fails' });
  const { code, calls } = bench.run(scriptOf('drain', {}).text);
  expect(code).not.toBe(0);
  expect(calls).toHaveLength(1);
});

test('a drain destroys only what its inputs allow', () => {
  const values = {
    timeout: '1h30m',
    force: true,
    deleteEmptydirData: true,
    gracePeriod: 5,
    podSelector: 'app=web,tier!=db',
  };
  expect(scriptOf('drain', values).commands).toEqual([
    `${KUBECTL} drain w-1.example --ignore-daemonsets --timeout=5400s --force --delete-emptydir-data --grace-period=5 '--pod-selector=app=web,tier!=db'`,
  ]);
  expect(actionNamed('drain').timeoutOf?.(contextFor('drain', values))).toBe(10_920_000);
});

test('a drain is done when the node is cordoned and only pods are left that no drain evicts', () => {
  const cordoned = { object: (node: object) => ({ ...node, unschedulable: true }) as never };
  expect(isDone('drain', {}).reason).toBe('w-1.example is schedulable');
  expect(isDone('drain', {}, cordoned).reason).toBe(
    'still on w-1.example: demo/web-w-1.example, demo/naked-w-1.example',
  );
  expect(isDone('drain', { podSelector: 'app=web' }, cordoned).reason).toBe(
    'still on w-1.example: demo/web-w-1.example',
  );
  expect(isDone('drain', { podSelector: 'app=db' }, cordoned).done).toBe(true);
});

test('a drain is not done while a volume is attached, unless pods that stay have volumes', () => {
  const attached = (bound: readonly string[] = []) => ({
    object: (node: NodeObject) => ({ ...node, unschedulable: true }),
    cluster: (c: NonNullable<Facts['cluster']>) => ({
      ...c,
      pods: [pod('w-1.example', 'agent', { controller: { kind: 'DaemonSet', name: 'agent', exists: true }, bound })],
      volumeAttachments: [
        { name: 'csi-1', node: 'w-1.example', volume: 'pvc-1' },
        { name: 'csi-2', node: 'w-2.example', volume: 'pvc-2' },
      ],
    }),
  });
  expect(isDone('drain', {}, attached())).toEqual({ done: false, reason: 'still attached to w-1.example: pvc-1' });
  expect(isDone('drain', {}, attached(['volume claims'])).done).toBe(true);
  const projected = actionNamed('drain').project(contextFor('drain', {}, attached()));
  expect(projected.cluster?.volumeAttachments).toEqual([{ name: 'csi-2', node: 'w-2.example', volume: 'pvc-2' }]);
});

test('a worker whose kubelet is down is not waited for, and keeps its ending pods', () => {
  const down = (deleting: boolean) => ({
    object: (node: NodeObject) => ({ ...node, unschedulable: true, ready: false }),
    cluster: (c: NonNullable<Facts['cluster']>) => ({
      ...c,
      pods: [pod('w-1.example', 'web', { controller: { kind: 'ReplicaSet', name: 'web' }, deleting })],
    }),
  });
  expect(scriptOf('drain', {}, down(true)).commands[0]).toContain(' --skip-wait-for-delete-timeout=60');
  expect(scriptOf('drain', {}).commands[0]).not.toContain('--skip-wait');
  expect(isDone('drain', {}, down(true)).done).toBe(true);
  expect(isDone('drain', {}, down(false)).done).toBe(false);
});

test('a pod that is ending already leaves no second one behind it', () => {
  const context = contextFor(
    'drain',
    {},
    {
      cluster: (c) => ({
        ...c,
        pods: [
          pod('w-1.example', 'a', { controller: { kind: 'ReplicaSet', name: 'web' } }),
          pod('w-1.example', 'b', { controller: { kind: 'ReplicaSet', name: 'web' }, deleting: true }),
        ],
      }),
    },
  );
  expect(
    actionNamed('drain')
      .project(context)
      .cluster?.pods?.map(({ name }) => name),
  ).toEqual(['a-w-1.example']);
});

test('a pod that tolerates the cordon and came after the drain does not spoil its outcome', () => {
  const drain = actionNamed('drain');
  const before = contextFor('drain', {});
  const after = drain.project(before);
  const late = [...(after.cluster?.pods ?? []), pod('w-1.example', 'tolerant', {})];
  const withLate = { ...after, cluster: { ...after.cluster, pods: late } };
  expect(drain.verify?.({ ...before, facts: withLate }, before.facts).done).toBe(true);
  expect(drain.isDone({ ...before, facts: withLate }).done).toBe(false);
});

test('a cordon that kubectl only pretended to make fails', () => {
  const { text } = scriptOf('cordon', {});
  expect(bench.run(text).code).toBe(0);
  expect(state()).toEqual({ cordoned: true, mark: 'run-7' });
  bench.run(scriptOf('uncordon', {}).text);
  expect(state()).toEqual({ cordoned: false, mark: undefined });
  cluster({ patch: 'fails' });
  expect(bench.run(text).code).not.toBe(0);
});

test('an uncordon that kubectl only pretended to make fails and keeps the mark', () => {
  cluster({ patch: 'fails' });
  bench.write('cordoned', '');
  bench.write('mark', 'run-7');
  expect(bench.run(scriptOf('uncordon', {}).text).code).toBe(1);
  expect(state()).toEqual({ cordoned: true, mark: 'run-7' });
});

test.each([
  ['somebody else, before the run', true, undefined, true, 'w-1.example was cordoned before this run: left so'],
  [
    'somebody else, since it was planned',
    false,
    undefined,
    true,
    'w-1.example was cordoned by someone else meanwhile: left so',
  ],
  ['an earlier run of ours that was given up', true, 'run-3', false, 'w-1.example is cordoned'],
  ['this run', false, 'run-7', false, 'w-1.example is cordoned'],
])('an uncordon of a node that was cordoned by %s', (_, unschedulable, mark, done, reason) => {
  const setting = {
    before: { unschedulable, held: [] },
    object: (node: object) =>
      ({ ...node, unschedulable: true, annotations: mark ? { 'runbook/cordoned-by': mark } : {} }) as never,
  };
  expect(isDone('uncordon', {}, setting)).toEqual({ done, reason });
});

test('names and paths reach kubectl as one word each', () => {
  const odd = {
    settings: { kubeconfig: "/home/o'neil/my config" },
    object: (node: object) => ({ ...node, name: 'w-1;reboot' }) as never,
  };
  const machine = { machine: (facts: object) => ({ ...facts, kubelet: undefined }) as never };
  bench.tool('reboot');
  const { calls } = bench.run(scriptOf('uncordon', {}, { ...odd, ...machine }).text);
  expect(calls[0]).toBe("kubectl --kubeconfig /home/o'neil/my config uncordon w-1;reboot");
  expect(calls).not.toContain('reboot ');
});
