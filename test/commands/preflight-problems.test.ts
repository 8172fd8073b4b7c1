import { expect, test } from 'vitest';
import { problems } from '../../src/lab/problems.ts';
import { preflightSchema } from '../../src/render/preflight.ts';
import { folder } from './cli.ts';
import { labUp, runbook } from './in-process.ts';

/** By problem: the node where it is planted (undefined: the cluster has it), and the guard that names it there. */
const told: Readonly<Record<string, readonly [node: string | undefined, guard: string]>> = {
  'etcd-member-down': ['cp-5', 'etcd-health'],
  'etcd-learner': ['cp-4', 'etcd-health'],
  'etcd-alarm': ['cp-3', 'etcd-health'],
  'api-server-down': ['cp-4', 'api-servers-answer'],
  'certificate-expired': ['cp-4', 'certificates'],
  'certificate-expiring': ['cp-3', 'certificates'],
  'external-ca': ['cp-5', 'certificates'],
  'admin-conf-rights': [undefined, 'admin-conf'],
  'coredns-edited': [undefined, 'coredns'],
  'static-pod-edited': ['cp-2', 'static-pods-edited'],
  'old-config-file': [undefined, 'config-files'],
  'duplicate-manifest': ['cp-5', 'static-pod-files'],
  emulation: ['cp-3', 'emulation'],
  'deprecated-api': [undefined, 'deprecated-apis'],
  webhook: [undefined, 'webhooks'],
  'not-ready': ['worker-4', 'nodes-ready'],
  'old-kubelet': [undefined, 'skew-kubelet-behind'],
  'no-repository': ['worker-2', 'repository-offers'],
  naked: ['worker-1', 'drain-destroys'],
  emptydir: ['worker-2', 'drain-destroys'],
  'blocked-pdb': ['worker-2', 'drain-blocked'],
  'full-disk': ['cp-2', 'disk-room'],
  swap: ['worker-3', 'swap'],
  'clock-skew': ['worker-3', 'clock-skew'],
  'cgroup-v1': ['worker-1', 'cgroup-v1'],
  'old-containerd': ['worker-3', 'container-runtime'],
  'two-runtimes': ['worker-2', 'container-runtime'],
  'expired-key': ['cp-2', 'repository-key'],
  'duplicate-repository': ['worker-1', 'repositories'],
  'legacy-repository': ['worker-3', 'repositories'],
  'removed-flag': ['worker-1', 'removed-flags'],
  'old-drop-in': ['worker-2', 'old-drop-in'],
  'broken-package': ['worker-3', 'package-state'],
  'package-lock': ['worker-1', 'package-state'],
};

/** No problem of an upgrade, and not named: other people's processes on the host. */
const harmless = ['tenant-etcd'];

test('every problem that the lab can plant is named by preflight, with its node, what to do and the source of the rule', async () => {
  expect([...Object.keys(told), ...harmless].toSorted((a, b) => a.localeCompare(b))).toEqual(
    Object.keys(problems).toSorted((a, b) => a.localeCompare(b)),
  );
  const planted = Object.entries(told).map(([name, [node]]) => (node === undefined ? name : `${name}@${node}`));
  planted.push(...harmless.map((name) => `${name}@cp-1`));
  const lab = await labUp({ controlPlanes: 5, workers: 4, problems: planted });
  const args = ['upgrade-1.32.yaml', '-i', lab.inventory, '--state-dir', folder(), '--output', 'json'];
  const result = await runbook(['preflight', ...args]);
  expect(result.code, result.all).toBe(3);
  const { findings } = preflightSchema.parse(JSON.parse(result.stdout));
  const missing = Object.entries(told).filter(
    ([, [node, guard]]) => !findings.some((one) => one.guard === guard && (node === undefined || one.node === node)),
  );
  expect(missing, findings.map((one) => `${one.severity} ${one.guard} ${one.node}: ${one.summary}`).join('\n')).toEqual(
    [],
  );
  for (const { guard, remedy, source } of findings)
    expect({ guard, is: `${remedy}${source}` }).not.toEqual({ guard, is: '' });
}, 240_000);
