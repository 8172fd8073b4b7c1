import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { execa } from 'execa';
import { afterEach, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { folder, runbook } from './commands/cli.ts';

const ROOT = new URL('..', import.meta.url).pathname;
const loadedSchema = z.array(z.object({ file: z.string(), bytes: z.number() }));

/** Writes down what was loaded when the program first connects, or at its end. */
const RECORD = `
const { statSync, writeFileSync } = require('node:fs');
const { Socket } = require('node:net');
let isWritten = false;
const record = () => {
  if (isWritten) return;
  isWritten = true;
  const files = Object.keys(require.cache).filter((file) => file !== __filename);
  writeFileSync(process.env.LOADED, JSON.stringify(files.map((file) => ({ file, bytes: statSync(file).size }))));
};
const { connect } = Socket.prototype;
Socket.prototype.connect = function (...args) {
  record();
  return connect.apply(this, args);
};
process.on('exit', record);
`;

/** The files that a command loads until it connects or ends, by their paths in the checkout, and their size. */
async function loadedBy(args: readonly string[]) {
  const dir = folder();
  writeFileSync(join(dir, 'record.cjs'), RECORD);
  const env = { NODE_OPTIONS: `--require=${join(dir, 'record.cjs')}`, LOADED: join(dir, 'loaded.json') };
  const { stderr } = await runbook(args, { env });
  const loaded = loadedSchema.parse(JSON.parse(readFileSync(env.LOADED, 'utf8')));
  const files = loaded.map(({ file }) => relative(ROOT, file));
  return { stderr, files, bytes: loaded.reduce((sum, { bytes }) => sum + bytes, 0) };
}

afterEach(() => {
  vi.unstubAllEnvs();
});

test('the nodes are dialled before the SSH client is loaded, and with little else', async () => {
  const dir = folder();
  const inventory = join(dir, 'inventory.yaml');
  const head = 'apiVersion: runbook/v1\nkind: Inventory\ncluster: start\nssh: { config: false, user: nobody }\n';
  const node = '{ name: cp-1, host: 127.0.0.1, role: control-plane, ssh: { port: 9, connectTimeout: 1s } }';
  writeFileSync(inventory, `${head}nodes: [${node}]\n`);
  const args = ['plan', 'upgrade-1.32', '-i', inventory, '--state-dir', join(dir, 'state')];
  const { stderr, files, bytes } = await loadedBy(args);
  expect(stderr).toContain('cannot reach');
  expect(files.filter((file) => !file.startsWith('dist/'))).toEqual([]);
  expect(files.length).toBeLessThan(60);
  expect(bytes).toBeLessThan(1_500_000);
});

test.each([
  ['--version', [], 80_000, 6],
  ['completion', ['bash'], 120_000, 7],
])('%s loads no document, no schema and no client', async (command, rest, most, mostFiles) => {
  const { bytes, files } = await loadedBy([command, ...rest]);
  expect(bytes).toBeLessThan(most);
  expect(files.length).toBeLessThan(mostFiles);
});

test('what was compiled is kept for the next start, and nothing is printed about it', async () => {
  // All the tests run without it.
  vi.stubEnv('NODE_DISABLE_COMPILE_CACHE', undefined);
  const TMPDIR = join(folder(), 'tmp');
  mkdirSync(TMPDIR);
  await runbook(['completion', 'bash'], { env: { TMPDIR, NODE_DISABLE_COMPILE_CACHE: '1' } });
  expect(readdirSync(TMPDIR)).toEqual([]);
  const first = await runbook(['completion', 'bash'], { env: { TMPDIR } });
  const kept = readdirSync(TMPDIR, { recursive: true, encoding: 'utf8' });
  expect(kept.filter((file) => file.includes('compiled')).length).toBeGreaterThan(2);
  const again = await runbook(['completion', 'bash'], { env: { TMPDIR } });
  expect(again).toEqual(first);
  expect(again.stderr).toBe('');
  expect(readdirSync(TMPDIR, { recursive: true, encoding: 'utf8' })).toEqual(kept);
});

/** How many functions V8 optimized while documents were checked, the inventory with so many nodes. */
async function optimized(nodes: number): Promise<number> {
  const dir = folder();
  const head = 'apiVersion: runbook/v1\nkind: Inventory\ncluster: start\nnodes:\n';
  const list = Array.from({ length: nodes }, (_, index) => `  - { name: w-${index}, host: w-${index}.example.com }\n`);
  writeFileSync(join(dir, 'inventory.yaml'), head + list.join(''));
  const words = ['plan', 'upgrade-1.32', '-i', join(dir, 'inventory.yaml'), '--limit', 'unknown'];
  const args = ['--trace-opt', join(ROOT, 'dist/cli.js'), ...words];
  const { stdout, exitCode } = await execa(process.execPath, args, { reject: false });
  expect(exitCode).toBe(2);
  return stdout.split('completed optimizing').length - 1;
}

test('a short document is read without optimizing code for it, a long one with it', async () => {
  expect(await optimized(30)).toBeLessThan(10);
  expect(await optimized(3000)).toBeGreaterThan(20);
});
