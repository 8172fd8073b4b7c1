import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { MachineFiles } from '../../src/lab/machine.ts';
import { putFile } from '../../src/lab/machine-files.ts';
import { changes, folder } from './cli.ts';
import { runbook } from './in-process.ts';
import { openLab } from './open-lab.ts';

const manifest = '/etc/kubernetes/manifests/kube-apiserver.yaml';
const patches = '/etc/kubernetes/patches';
const flag = '--audit-policy-file=/etc/kubernetes/audit.yaml';
const SECRET = 'pa55word-of-a-webhook';

function patch(...values: readonly string[]): string {
  return JSON.stringify(values.map((value) => ({ op: 'add', path: '/spec/containers/0/command/-', value })));
}

/** A lab whose API server has a flag by hand, and a folder of patches that forgot it. */
async function forgotten() {
  const { lab, inventory } = await openLab({ controlPlanes: 1, workers: 1, timeScale: 50 });
  const [machine] = lab.world.machines;
  if (!machine) throw new Error('no machine');
  const { fs } = machine;
  await putFile(machine, `${patches}/kube-apiserver0+json.json`, patch('--profiling=false'));
  await putFile(machine, '/etc/kubernetes/audit.yaml', 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: []\n');
  const text = await fs.readFile(manifest);
  const edited = text
    .replace('    - kube-apiserver\n', `    - kube-apiserver\n    - ${flag}\n    - --profiling=false\n`)
    .replace('    image: ', `    env:\n    - name: WEBHOOK_TOKEN\n      value: ${SECRET}\n    image: `);
  await putFile(machine, manifest, edited, 0o600);
  const state = folder();
  const book = join(folder(), 'control-plane.yaml');
  await writeFile(book, RUNBOOK);
  return {
    args: [book, '-i', inventory],
    state: ['--state-dir', state],
    /** All that the state folder and the nodes keep of runs. */
    kept: async () => {
      const files = await readdir(state, { recursive: true, withFileTypes: true });
      const here = files
        .filter((file) => file.isFile())
        .map((file) => readFile(join(file.parentPath, file.name), 'utf8'));
      const there = lab.world.machines.map(async (one) =>
        JSON.stringify([...(await textsUnder(one.fs, '/var/lib/runbook'))]),
      );
      return (await Promise.all([...here, ...there])).join('\n');
    },
    mend: () => putFile(machine, `${patches}/kube-apiserver0+json.json`, patch('--profiling=false', flag)),
    fault: (node: string, on: RegExp) => lab.addFault(node, { on, effect: { kind: 'exit', code: 1 }, times: 1 }),
    nodes: async () => (await lab.state()).nodes,
    lines: async (pattern: RegExp) =>
      (await lab.state()).nodes.flatMap(({ name, commands }) =>
        commands.filter(({ line }) => pattern.test(line)).map(({ line }) => `${name}: ${line}`),
      ),
    left: async () => {
      const found: string[] = [];
      for (const dir of ['/var/cache/runbook', '/etc/kubernetes/tmp'])
        for (const one of lab.world.machines) if (await one.fs.exists(dir)) found.push(...(await one.fs.readdir(dir)));
      return found;
    },
  };
}

async function textsUnder(fs: MachineFiles, path: string): Promise<string[]> {
  if (!(await fs.exists(path))) return [];
  if (!(await fs.stat(path)).isDirectory) return [await fs.readFile(path)];
  const names = await fs.readdir(path);
  return (await Promise.all(names.map((name) => textsUnder(fs, `${path}/${name}`)))).flat();
}

const RUNBOOK = `apiVersion: runbook/v1
kind: Runbook
name: control-plane
phases:
  - name: Fetch ahead
    nodes: all
    serial: 100%
    steps: [{ uses: prefetch, with: { version: 1.32.9, packages: [kubeadm], images: false } }]
  - name: Control plane
    nodes: control-plane
    steps:
      - uses: package-repo
        with: { version: 1.32.9 }
      - uses: install-packages
        with: { packages: [kubeadm], version: 1.32.9 }
      - uses: kubeadm-upgrade-apply
        with: { version: 1.32.9, patches: ${patches} }
  - name: Worker
    nodes: workers
    steps:
      - uses: package-repo
        with: { version: 1.32.9 }
      - uses: install-packages
        with: { packages: [kubeadm], version: 1.32.9 }
      - uses: kubeadm-upgrade-node
        with: { version: 1.32.9, ignorePreflightErrors: [Swap] }
`;

const dry = {
  apply: `cp-1: kubeadm upgrade apply -y v1.32.9 --patches=${patches} --dry-run`,
  node: 'worker-1: kubeadm upgrade node --ignore-preflight-errors=Swap --dry-run',
};
const twice = (line: string) => [line, line];

test('what only the kubeadm of the target sees is found by a preflight and stops an upgrade before anything is disrupted; a resume asks again', async () => {
  const { args, state, mend, nodes, lines, left, fault, ...lab } = await forgotten();
  const silent = await runbook(['preflight', ...args]);
  expect(silent.code, silent.all).toBe(0);
  fault('worker-1', /upgrade node .*--dry-run/);
  const asked = await runbook(['preflight', ...args, '--with-target-kubeadm']);
  expect(asked.code, asked.all).toBe(3);
  const said = asked.all.replaceAll(/\s+/g, ' ');
  expect(said).toMatch(/refused: cp-1 .* would take .* the audit policy .* as kubeadm 1\.32\.9 itself says/);
  expect(said).toMatch(
    /warning: worker-1 .*--dry-run` of kubeadm 1\.32\.9 failed on worker-1: error: a fault of the lab/,
  );
  expect(await lines(/kubeadm upgrade plan/)).toEqual([]);
  expect(await left()).toEqual([]);

  const refused = await runbook(['apply', ...args, ...state, '--yes', '--output', 'plain']);
  expect(refused.code, refused.all).toBe(3);
  expect(refused.all).toMatch(/protects the cluster: the audit policy .* as kubeadm 1\.32\.9 itself says/);
  expect((await nodes()).flatMap(changes)).toEqual([]);
  // By the preflight, and by the run.
  expect(await lines(/--dry-run/)).toEqual([...twice(dry.apply), ...twice(dry.node)]);
  expect(await left()).toEqual([]);
  expect(await lab.kept()).not.toContain(SECRET);

  await mend();
  const resumed = await runbook(['resume', ...state, '--yes']);
  expect(resumed.code, resumed.all.slice(-3000)).toBe(0);
  expect(await lines(/^kubeadm upgrade (apply|node)\b(?!.*--dry-run)/)).toHaveLength(2);
});
