import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { folder } from './commands/cli.ts';

const CHECKOUT = new URL('..', import.meta.url).pathname;
const manifestSchema = z.object({
  version: z.string(),
  bin: z.record(z.string(), z.string()).default({}),
  dependencies: z.record(z.string(), z.string()).default({}),
});

const mapSchema = z.object({ sources: z.array(z.string()) });

test('the tarball runs in an empty folder, and the lab once its own tarball is there too', async () => {
  const tarballs = await pack();
  const project = folder();
  unpack(project, 'runbook', await extract(tarballs, /^runbook-\d/));
  const { bin, dependencies, version } = manifestOf(join(project, 'node_modules/runbook'));
  expect(bin).toEqual({ runbook: 'dist/cli.js' });
  expect(Object.keys(dependencies)).not.toContain('just-bash');
  const files = readdirSync(join(project, 'node_modules/runbook'), { recursive: true, encoding: 'utf8' });
  expect(files.filter((file) => /^(src|test|dist\/lab)(\/|$)/.test(file))).toEqual([]);
  const dist = join(project, 'node_modules/runbook/dist');
  expect(bundled(dist)).toContain('zod');
  expect(bundled(dist).filter((name) => /^(@opentelemetry|@dbos-inc|pg$)/.test(name))).toEqual([]);
  expect(bundled(dist).filter((name) => name in dependencies)).toEqual([]);
  expect(licensed(dist)).toEqual(bundled(dist));

  const runbookIn =
    (env: Record<string, string>) =>
    (...args: string[]) =>
      execa(process.execPath, [join(project, 'node_modules/runbook/dist/cli.js'), ...args], {
        cwd: project,
        reject: false,
        stdin: 'ignore',
        timeout: 120_000,
        env: { NO_COLOR: '1', ...env },
      });
  const runbook = runbookIn({});
  const ready = join(project, 'node_modules/runbook/runbooks/upgrade-1.32.yaml');
  expect(await runbook('--help')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('preflight') });
  expect(await runbook('validate', ready)).toMatchObject({ exitCode: 0 });
  const refused = await runbook('lab', 'up');
  expect(refused.exitCode).toBe(2);
  expect(refused.stderr).toMatch(new RegExp(`Install it: npm install runbook-lab@${version}( |$)`));
  expect(refused.stderr).not.toMatch(/ {4}at /);

  unpack(project, 'runbook-lab', await extract(tarballs, /^runbook-lab-\d/));
  const up = await runbook(
    'lab',
    'up',
    '--dir',
    'lab',
    '--control-planes',
    '1',
    '--workers',
    '1',
    '--time-scale',
    '10',
  );
  onTestFinished(async () => void (await runbook('lab', 'down', '--dir', 'lab')));
  expect(up).toMatchObject({ exitCode: 0, stdout: join(project, 'lab/inventory.yaml') });
  const plan = await runbook('plan', ready, '-i', 'lab/inventory.yaml');
  expect(plan.stdout).toContain('kubeadm upgrade apply');
  expect(plan.exitCode).toBe(0);

  // Optional packages are not there: one warning, and the run is done.
  const traced = await runbookIn({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' })(
    'apply',
    join(dirname(ready), 'smoke.yaml'),
    '-i',
    'lab/inventory.yaml',
    '--yes',
  );
  expect(traced.stderr.match(/no traces are sent/g)).toHaveLength(1);
  expect(traced.stderr).toMatch(/npm install @opentelemetry\/api@\^1\S* /);
  expect(traced.exitCode, traced.stderr).toBe(0);
  // So are those of fleets in a database; a fleet of this machine needs none.
  const fleet = await runbookIn({ RUNBOOK_DATABASE: 'postgres://ops@127.0.0.1:9/fleet' })('fleet', 'status');
  expect(fleet.exitCode, fleet.stderr).toBe(2);
  expect(fleet.stderr).toMatch(/npm install @dbos-inc\/dbos-sdk@\^5\S* pg@\^8/);
  expect((await runbook('fleet', 'status')).stderr).toContain('no fleet runs are known here');
});

/** Both packages, from a copy of the checkout: packing changes its package.json for a while. @returns the folder of tarballs */
async function pack(): Promise<string> {
  const copy = folder();
  const parts = readdirSync(CHECKOUT).filter((name) => !/^(\.git|\.runbook|dist|node_modules|test)$/.test(name));
  const isSource = (file: string) => !/\/lab\/(dist|node_modules)$/.test(file);
  for (const part of [...parts, 'test/tools'])
    cpSync(join(CHECKOUT, part), join(copy, part), { recursive: true, filter: isSource });
  symlinkSync(join(CHECKOUT, 'node_modules'), join(copy, 'node_modules'));
  const before = readFileSync(join(copy, 'package.json'), 'utf8');
  const out = folder();
  await execa('npm', ['pack', '--workspaces', '--include-workspace-root', '--pack-destination', out], { cwd: copy });
  expect(readFileSync(join(copy, 'package.json'), 'utf8')).toBe(before);
  return out;
}

/** The packages with code in the bundle, by its source maps. */
function bundled(dist: string): string[] {
  const maps = readdirSync(dist).filter((file) => file.endsWith('.map'));
  const sources = maps.flatMap((file) => mapSchema.parse(JSON.parse(readFileSync(join(dist, file), 'utf8'))).sources);
  const names = sources.map((source) => /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1] ?? '');
  return [...new Set(names.filter((name) => name !== ''))].sort();
}

/** The packages whose licence is with the bundle. */
function licensed(dist: string): string[] {
  const parts = readFileSync(join(dist, 'LICENSES.txt'), 'utf8').split(/^-{80}\n\n/m);
  const names = parts.map((part) => /^(\S+) \d+\.\d+\.\d+ \(.+\)\n\n[^]{300}/.exec(part)?.[1] ?? part);
  return [...new Set(names)].sort();
}

async function extract(tarballs: string, name: RegExp): Promise<string> {
  const found = readdirSync(tarballs).find((file) => name.test(file));
  if (found === undefined) throw new Error(`there is no ${name} in ${readdirSync(tarballs).join(', ')}`);
  const out = folder();
  await execa('tar', ['xzf', join(tarballs, found), '-C', out]);
  return join(out, 'package');
}

/** As npm installs a package; its dependencies are links to the checkout's, so that no registry is asked. */
function unpack(project: string, name: string, from: string): void {
  const modules = join(project, 'node_modules');
  cpSync(from, join(modules, name), { recursive: true });
  for (const dependency of Object.keys(manifestOf(from).dependencies)) {
    const target = join(modules, dependency);
    if (existsSync(target)) continue;
    mkdirSync(dirname(target), { recursive: true });
    symlinkSync(join(CHECKOUT, 'node_modules', dependency), target);
  }
}

function manifestOf(dir: string) {
  return manifestSchema.parse(JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')));
}
