import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { startLab } from '../../src/lab/lab.ts';
import { keepFiles } from '../../src/lab/snapshot.ts';
import { type Preflight, preflightSchema } from '../../src/render/preflight.ts';
import { type CliResult, folder } from './cli.ts';
import { type Lab, labUp, runbook } from './in-process.ts';

function data(result: CliResult): Preflight {
  return preflightSchema.parse(JSON.parse(result.stdout));
}

function said(found: Preflight, guard: string): string | undefined {
  return found.guards.find(({ id }) => id === guard)?.says;
}

async function preflight(lab: Lab, ...args: string[]): Promise<CliResult> {
  return runbook(['preflight', ...args, '-i', lab.inventory, '--state-dir', folder(), '--output', 'json']);
}

test('a fact that one node does not give is a finding; all else is judged, and no guard that needs it is said to hold', async () => {
  const lab = await labUp({ problems: ['swap@worker-2'] });
  lab.fault('worker-1', '^kubectl version', 'exit:7', 1000);

  const stands = await preflight(lab);
  expect(stands.code, stands.all).toBe(3);
  const found = data(stands);
  expect(found.findings).toContainEqual(
    expect.objectContaining({
      guard: 'facts',
      severity: 'refuse',
      node: 'worker-1',
      summary: expect.stringMatching(/^cannot read binaries on worker-1: .*kubectl says no version/),
    }),
  );
  expect(found.findings).toContainEqual(expect.objectContaining({ guard: 'swap', node: 'worker-2' }));
  expect(found.findings.filter(({ severity }) => severity !== 'note')).toHaveLength(2);
  expect(said(found, 'skew-kubectl')).toBe('unknown');
  expect(said(found, 'etcd-health')).toBe('holds');

  const limited = data(await preflight(lab, '--limit', 'worker-2'));
  expect(limited.nodes).toEqual(['worker-2']);
  expect(limited.findings.filter(({ severity }) => severity !== 'note').map(({ guard }) => guard)).toEqual(['swap']);
  // The whole cluster was judged: what worker-1 does not give is still unknown, and the count is that of all nodes.
  expect(said(limited, 'skew-kubectl')).toBe('unknown');
  expect(limited.notShown).toBe(found.findings.length - limited.findings.length);
  expect(limited.notShown).toBeGreaterThan(0);

  const planned = await preflight(lab, 'upgrade-1.32.yaml');
  expect(planned.code, planned.all).toBe(3);
  const { runbook: name, findings } = data(planned);
  expect(name).toBe('upgrade-1.32');
  for (const guard of ['plan', 'facts', 'swap']) expect(findings.map((one) => one.guard)).toContain(guard);
});

test('an API server that is silent is one finding, and what the machines tell is judged', async () => {
  const lab = await labUp({ controlPlanes: 1, workers: 1, problems: ['swap@worker-1'] });
  lab.fault('cp-1', '^kubectl.* get ', 'exit:1', 1000);
  const result = await preflight(lab);
  expect(result.code, result.all).toBe(3);
  const found = data(result);
  const unread = found.findings.filter(({ guard }) => guard === 'facts');
  expect(unread.length, JSON.stringify(unread, null, 1)).toBe(1);
  expect(said(found, 'nodes-ready')).toBe('unknown');
  expect(said(found, 'repositories')).toBe('holds');
});

test('nodes that cannot be reached are all named, with exit 5 and nothing on stdout', async () => {
  const lab = await labUp({ controlPlanes: 1, workers: 2 });
  const inventory = join(folder(), 'inventory.yaml');
  const text = await readFile(lab.inventory, 'utf8');
  const ports: number[] = parse(text).nodes.map((node: { ssh: { port: number } }) => node.ssh.port);
  // Port 1 of loopback: nobody listens there.
  await writeFile(inventory, text.replace(`port: ${ports[1]}`, 'port: 1').replace(`port: ${ports[2]}`, 'port: 1'));
  for (const file of [[], ['upgrade-1.32.yaml']]) {
    const result = await runbook(['preflight', ...file, '-i', inventory, '--state-dir', folder(), '--output', 'json']);
    expect(result.code, result.all).toBe(5);
    for (const name of ['worker-1', 'worker-2']) expect(result.stderr).toContain(name);
    expect(result.stdout).toBe('');
  }
});

test('it leaves every file of every node as it was, and takes no lock', async () => {
  const lab = await startLab({ timeScale: 10, controlPlanes: 1, workers: 1 });
  onTestFinished(() => lab.close());
  const dir = folder();
  const path = (name: string) => join(dir, name);
  await writeFile(path('id'), lab.privateKey, { mode: 0o600 });
  await writeFile(path('known_hosts'), lab.knownHosts());
  await writeFile(path('inventory.yaml'), lab.inventory(path('id'), path('known_hosts')));
  const files = () => Promise.all(lab.world.machines.map(async (machine) => textOf(await keepFiles(machine))));
  const before = await files();
  for (const file of [[], ['upgrade-1.32.yaml']]) {
    const result = await runbook(['preflight', ...file, '-i', path('inventory.yaml'), '--state-dir', path('state')]);
    expect(result.code, result.all).toBe(0);
  }
  expect(await files()).toEqual(before);
});

test('without a runbook a drain of each node is judged all the same', async () => {
  const lab = await labUp({ controlPlanes: 1, workers: 2, problems: ['naked', 'emptydir', 'blocked-pdb'] });
  const result = await preflight(lab);
  expect(result.code, result.all).toBe(3);
  const found = data(result);
  const of = (guard: string) => found.findings.filter((one) => one.guard === guard).map((one) => one.summary);
  expect(of('drain-destroys').join('\n')).toMatch(/delete permanently.*demo\/naked/);
  expect(of('drain-destroys').join('\n')).toMatch(/emptyDir data of: demo\/scratch/);
  expect(of('drain-blocked').join('\n')).toMatch(/PodDisruptionBudget demo\/single/);
  expect(found.findings.every((one) => one.step === undefined)).toBe(true);
  expect(said(found, 'skew-mixed-api-servers')).toBe('not-asked');
});

function textOf(files: Awaited<ReturnType<typeof keepFiles>>): Record<string, string> {
  return Object.fromEntries(
    [...files]
      .filter(([path]) => !path.startsWith('/proc/'))
      .map(([path, { mode, content }]) => [
        path,
        `${mode.toString(8)} ${content ? Buffer.from(content).toString() : '/'}`,
      ]),
  );
}
