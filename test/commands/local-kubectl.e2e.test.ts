import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, test } from 'vitest';
import { folder, type Lab, labUp, runbook } from './cli.ts';

const RUNBOOK = `apiVersion: runbook/v1
kind: Runbook
name: maintain
phases:
  - name: Workers
    nodes: workers
    steps:
      - uses: drain
      - run: touch /tmp/maintained
      - uses: uncordon
`;

/** A kubectl on the operator's machine that asks the lab's first control plane, and an inventory that has it used. */
function withLocalKubectl(lab: Lab): { readonly inventory: string; readonly path: string } {
  const dir = folder();
  const text = readFileSync(lab.inventory, 'utf8');
  const port = /name: cp-1\n(?: .*\n)*? +port: (\d+)/.exec(text)?.[1] ?? '';
  const key = join(lab.dir, 'id_ed25519');
  const hosts = join(lab.dir, 'known_hosts');
  const script = `#!/bin/sh
words=
for word in "$@"; do words="$words '$(printf '%s' "$word" | sed "s/'/'\\\\\\\\''/g")'"; done
exec ssh -F none -i '${key}' -o IdentitiesOnly=yes -o 'UserKnownHostsFile=${hosts}' -p ${port} ops@127.0.0.1 "sudo kubectl $words"
`;
  writeFileSync(join(dir, 'kubectl'), script);
  chmodSync(join(dir, 'kubectl'), 0o755);
  const inventory = join(dir, 'inventory.yaml');
  const local = 'kubectl: { on: local, kubeconfig: /etc/kubernetes/admin.conf }';
  writeFileSync(inventory, text.replace(/^nodes:/m, `${local}\nnodes:`));
  return { inventory, path: `${dir}${delimiter}${process.env['PATH'] ?? ''}` };
}

test('with kubectl on the operator’s machine a runbook of workers alone knows the control planes of the inventory', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '2');
  const { inventory, path } = withLocalKubectl(lab);
  const file = join(folder(), 'maintain.yaml');
  writeFileSync(file, RUNBOOK);
  const args = ['apply', file, '-i', inventory, '--state-dir', folder(), '--limit', 'worker-1', '--yes'];
  const applied = await runbook(args, { env: { PATH: path } });
  expect(applied.all).not.toContain('not in the inventory');
  expect(applied.code, applied.all.slice(-3000)).toBe(0);
  const worker = await lab.node('worker-1');
  expect(worker).toMatchObject({ ready: true, unschedulable: false });
});
