import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folder, runbook } from './cli.ts';

const BAD = `apiVersion: runbook/v1
kind: Runbook
name: bad
inputs:
  version: { type: version, default: 1.32.9 }
phases:
  - name: one
    nodes: workers
    seriel: 1
    steps:
      - uses: drian
      - run: echo \${{ node.nmae }}
      - name: nothing to do
      - run: sleep 1
        timeout: soon
      - uses: drain
        with: { timout: 3m }
`;

test('six mistakes give six messages with their places, all at once', async () => {
  const file = join(folder(), 'bad.yaml');
  writeFileSync(file, BAD);
  const { code, all } = await runbook(['validate', file]);
  expect(code).toBe(2);
  for (const line of [9, 11, 12, 13, 15, 17]) expect(all).toMatch(new RegExp(`bad\\.yaml:${line}:\\d+`));
});

test('apply of a runbook with mistakes contacts nothing and exits 2', async () => {
  const dir = folder();
  writeFileSync(join(dir, 'bad.yaml'), BAD);
  writeFileSync(
    join(dir, 'inventory.yaml'),
    'apiVersion: runbook/v1\nkind: Inventory\ncluster: x\nnodes: [{ name: w, host: 127.0.0.1, role: worker }]\n',
  );
  const { code, all } = await runbook(['apply', 'bad.yaml', '--yes'], { cwd: dir });
  expect(code).toBe(2);
  expect(all).toContain('bad.yaml:12:');
  expect(all).not.toContain('connecting');
});

test.each([['validate'], ['plan'], ['apply']])(
  '%s of a missing file exits 2 and names it, without a stack trace',
  async (command) => {
    const { code, all } = await runbook([command, 'none.yaml'], { cwd: folder() });
    expect(code).toBe(2);
    expect(all).toContain('none.yaml');
    expect(all).not.toMatch(/^ +at /m);
  },
);

test.each(['runbook', 'inventory', 'event', 'plan', 'preflight'])(
  'schema %s prints a JSON Schema and nothing else',
  async (kind) => {
    const { code, stdout, stderr } = await runbook(['schema', kind]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toHaveProperty('$schema');
    expect(stderr).toBe('');
  },
);

test('the example inventory and every runbook that comes along are valid', async () => {
  const runbooks = ['upgrade-1.32.yaml', 'upgrade.yaml', 'smoke.yaml'].map((name) => `runbooks/${name}`);
  const { code, all } = await runbook(['validate', 'inventory.example.yaml', ...runbooks]);
  expect(code, all).toBe(0);
});

test('wrong words on the command line exit 2', async () => {
  for (const args of [['aply'], ['apply'], ['apply', 'x.yaml', '--fnord'], ['apply', 'x.yaml', '--set', 'novalue']]) {
    expect((await runbook(args)).code, args.join(' ')).toBe(2);
  }
  expect((await runbook(['--version'])).code).toBe(0);
});

test('commands about runs say what is known when there is none', async () => {
  const state = join(folder(), 'none');
  expect(await runbook(['runs', '--state-dir', state])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('no runs'),
  });
  expect(await runbook(['status', '--state-dir', state])).toMatchObject({ code: 2 });
  expect(await runbook(['resume', '--state-dir', state])).toMatchObject({
    code: 0,
    all: expect.stringContaining('nothing to resume'),
  });
  expect((await runbook(['logs', 'x', '--state-dir', state])).code).toBe(2);
});
