import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, runbook, startRunbook } from '../commands/cli.ts';
import type { RealNode } from './node.ts';

/** Packages, first those of kubeadm, from the repository of their minor. */
export const UPGRADE = [
  "{ uses: package-repo, with: { version: '1.32.9' } }",
  "{ uses: install-packages, with: { packages: [kubeadm], version: '1.32.9' } }",
  "{ uses: install-packages, with: { packages: [kubelet, kubectl], version: '1.32.9' } }",
];

/** Fetches the same packages before. */
export const AHEAD = "{ uses: prefetch, with: { version: '1.32.9', images: false } }";

/** `apply` of a runbook with these steps (flow mappings) on this one node, by a state folder of its own. */
export function apply(node: RealNode, steps: readonly string[] = UPGRADE, ...more: readonly string[]) {
  return runbook(argumentsFor(node, steps, more));
}

/** The same, left running, for what happens meanwhile. */
export function startApply(node: RealNode) {
  return startRunbook(argumentsFor(node, UPGRADE, []));
}

/**
 * The same while another process holds a lock of the package manager: `release` is called as soon as the program has
 * said so.
 */
export async function applyWhileLocked(node: RealNode, holder: RegExp, release: () => Promise<unknown>) {
  const running = startApply(node);
  let text = '';
  await new Promise<void>((resolve) => {
    running.all.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (holder.test(text)) resolve();
    });
    void running.then(() => resolve());
  });
  const seen = holder.test(text);
  await release();
  const { exitCode, all } = await running;
  return { seen, code: exitCode, all };
}

function argumentsFor(node: RealNode, steps: readonly string[], more: readonly string[]): string[] {
  const dir = folder();
  const { user, identityFile, knownHosts, port } = node.sshd;
  const inventory = {
    apiVersion: 'runbook/v1',
    kind: 'Inventory',
    cluster: 'packages',
    ssh: { user, identityFile, knownHosts, port },
    become: { method: 'none' },
    nodes: [{ name: 'w1', host: '127.0.0.1', role: 'other' }],
  };
  mkdirSync(join(dir, 'state'));
  writeFileSync(join(dir, 'inventory.yaml'), JSON.stringify(inventory));
  const head =
    'apiVersion: runbook/v1\nkind: Runbook\nname: packages\nphases:\n  - name: one\n    nodes: all\n    steps:\n';
  writeFileSync(join(dir, 'packages.yaml'), head + steps.map((step) => `      - ${step}\n`).join(''));
  const args = ['-i', join(dir, 'inventory.yaml'), '--state-dir', join(dir, 'state'), '--yes', '--output', 'plain'];
  return ['apply', join(dir, 'packages.yaml'), ...args, ...more];
}
