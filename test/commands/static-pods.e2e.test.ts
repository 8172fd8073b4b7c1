import { expect, test } from 'vitest';
import { putFile } from '../../src/lab/machine-files.ts';
import { folder } from './cli.ts';
import { labUp, runbook } from './in-process.ts';
import { openLab } from './open-lab.ts';

test('a copy of a manifest stops an upgrade before anything changes, and is named with the original', async () => {
  const lab = await labUp({ controlPlanes: 1, workers: 0, problems: ['duplicate-manifest'] });
  const args = ['upgrade-1.32.yaml', '-i', lab.inventory, '--state-dir', folder()];
  const refused = await runbook(['apply', ...args, '--yes']);
  expect(refused.code, refused.all).toBe(3);
  expect(refused.all).toContain('manifests of kube-apiserver: kube-apiserver.yaml, kube-apiserver.yaml.bak');
  const commands = (await lab.node('cp-1')).commands.map(({ line }) => line);
  expect(commands.filter((line) => /^(apt-get .*install|kubeadm upgrade)/.test(line))).toEqual([]);

  const taken = await runbook(['plan', ...args, '--override', 'static-pod-files=the copy is a test']);
  expect(taken.code, taken.all).toBe(0);
});

const manifest = '/etc/kubernetes/manifests/kube-apiserver.yaml';
const patches = '/etc/kubernetes/patches';
const flag = '--audit-policy-file=/etc/kubernetes/audit.yaml';

/** A lab whose API server has a flag by hand, and a folder of patches that says the same. */
async function audited() {
  const { lab, inventory } = await openLab({ controlPlanes: 1, workers: 0, timeScale: 50 });
  const [machine] = lab.world.machines;
  if (!machine) throw new Error('no machine');
  const patch = [{ op: 'add', path: '/spec/containers/0/command/-', value: flag }];
  await putFile(machine, `${patches}/kube-apiserver0+json.json`, JSON.stringify(patch));
  await putFile(machine, '/etc/kubernetes/audit.yaml', 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: []\n');
  const text = await machine.fs.readFile(manifest);
  await putFile(
    machine,
    manifest,
    text.replace('    - kube-apiserver\n', `    - kube-apiserver\n    - ${flag}\n`),
    0o600,
  );
  return {
    args: ['upgrade-1.32.yaml', '-i', inventory, '--state-dir', folder()],
    written: () => machine.fs.readFile(manifest),
    ran: async () => (await lab.state()).nodes.flatMap(({ commands }) => commands.map(({ line }) => line)),
  };
}

test('patches that were forgotten stop an upgrade that would lose the audit, and keep it once they are given', async () => {
  const { args, written, ran } = await audited();
  const refused = await runbook(['apply', ...args, '--yes']);
  expect(refused.code, refused.all).toBe(3);
  expect(refused.all).toContain('what protects the cluster: the audit policy (--audit-policy-file=');
  expect(refused.all).toContain(`--set patches=${patches}`);

  const applied = await runbook(['apply', ...args, '--yes', '--set', `patches=${patches}`]);
  expect(applied.code, applied.all.slice(-3000)).toBe(0);
  expect(await written()).toContain('kube-apiserver:v1.32.9');
  expect(await written()).toContain(flag);
  expect((await ran()).find((line) => line.startsWith('kubeadm upgrade apply'))).toContain(`--patches=${patches}`);
});

test('an upgrade that overrides the guard loses what the manifest had by hand', async () => {
  const { args, written } = await audited();
  const override = ['--override', 'static-pods-edited=the audit ends here'];
  const applied = await runbook(['apply', ...args, '--yes', ...override]);
  expect(applied.code, applied.all.slice(-3000)).toBe(0);
  expect(await written()).toContain('kube-apiserver:v1.32.9');
  expect(await written()).not.toContain(flag);
});
