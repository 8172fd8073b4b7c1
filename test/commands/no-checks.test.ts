import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { preflightSchema } from '../../src/render/preflight.ts';
import { folder } from './cli.ts';
import { runbook } from './in-process.ts';

const RUNBOOK = `apiVersion: runbook/v1
kind: Runbook
name: here
phases:
  - name: Here
    nodes: all
    steps:
      - { uses: require, with: { command: 'echo require >>DIR/ran; test -e DIR/allowed', on: local } }
      - { name: Mark, run: 'echo mark >>DIR/mark', on: local, check: "echo check >>DIR/ran\\ntrue" }
`;

/** A runbook whose commands leave a trace when they are run. */
function local() {
  const dir = folder();
  const path = (name: string) => join(dir, name);
  writeFileSync(path('here.yaml'), RUNBOOK.replaceAll('DIR', dir));
  writeFileSync(
    path('inventory.yaml'),
    `apiVersion: runbook/v1
kind: Inventory
cluster: nowhere
nodes: [{ name: n-1, host: n-1.invalid }, { name: n-2, host: n-2.invalid }]
`,
  );
  const options = ['-i', path('inventory.yaml'), '--state-dir', path('state')];
  return {
    path,
    look: (command: string, ...words: string[]) => runbook([command, path('here.yaml'), ...options, ...words]),
    ran: () => (existsSync(path('ran')) ? readFileSync(path('ran'), 'utf8').trim().split('\n').toSorted() : []),
  };
}

/** As it is read: without times, and with lines that were broken to the width of the screen put together again. */
const flat = (text: string): string => text.replaceAll(/^\d\d:\d\d:\d\d /gm, '').replaceAll(/\s+/g, ' ');

test.each(['plan', 'preflight'])('%s shows the commands of a runbook that it runs, and where', async (command) => {
  const it = local();
  const refused = await it.look(command);
  expect(refused.code, refused.all).toBe(3);
  expect(it.ran()).toEqual(['check', 'check', 'require', 'require']);
  expect(flat(refused.stderr)).toContain(`check on this machine: echo check >>${it.path('ran')} true`);
  expect(flat(refused.stderr)).toContain(`require on this machine: echo require >>${it.path('ran')}; test -e`);
  expect(refused.stderr.match(/check on this machine/g)).toHaveLength(1);
  expect(refused.stderr).toMatch(/planning runs these commands of the runbook/);
});

test.each(['plan', 'preflight'])(
  '%s --no-checks runs nothing of a runbook, and shows what it left out',
  async (command) => {
    const it = local();
    const looked = await it.look(command, '--no-checks');
    expect(looked.code, looked.all).toBe(0);
    expect(it.ran()).toEqual([]);
    expect(flat(looked.stderr)).toContain(`check on this machine: echo check >>${it.path('ran')} true`);
    expect(flat(looked.stderr)).toContain('require on this machine: echo require');
    expect(flat(looked.stdout)).toContain('commands of the runbook were not run');
  },
);

test('with --no-checks a step with a check counts as to be done, and the plan that is saved so can be applied', async () => {
  const it = local();
  writeFileSync(it.path('allowed'), '');
  const known = await it.look('plan');
  expect(known.stdout).toContain('nothing to change; 2 already done');
  expect(known.stdout).toContain(`check on this machine: echo check >>${it.path('ran')}`);
  const planned = await it.look('plan', '--no-checks', '-o', it.path('plan.json'));
  expect(planned.stdout).toContain('its check was not run');
  expect(planned.stdout).toContain('would change 2 steps on 2 nodes');
  const applied = await runbook(['apply', it.path('plan.json'), '--state-dir', it.path('state'), '--yes']);
  expect(applied.code, applied.all).toBe(0);
  // The check says that it is done: it is asked when the step's turn comes.
  expect(existsSync(it.path('mark'))).toBe(false);
});

test('what was not asked is a note in preflight as data, and without a runbook there is nothing to leave out', async () => {
  const it = local();
  const { stdout } = await it.look('preflight', '--no-checks', '--output', 'json');
  const { findings } = preflightSchema.parse(JSON.parse(stdout));
  expect(findings).toContainEqual(expect.objectContaining({ guard: 'checks', severity: 'note' }));
  const alone = await runbook(['preflight', '--no-checks', '-i', it.path('inventory.yaml')]);
  expect(alone.code, alone.all).toBe(2);
});
