import { expect, test } from 'vitest';
import { folder } from './cli.ts';
import { labUp, runbook } from './in-process.ts';

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
}, 120_000);
