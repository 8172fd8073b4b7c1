import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Plan, planDigest } from '../../src/plan/plan.ts';
import { folder } from './cli.ts';
import { resealed } from '../journal/reseal.ts';
import { runbook } from './in-process.ts';
import { openLab } from './open-lab.ts';

const RUNBOOK = `apiVersion: runbook/v1
kind: Runbook
name: trust
inputs:
  token: { type: secret, default: 'command:echo planted-of-a-command | tr a-z A-Z' }
phases:
  - name: Nodes
    nodes: control-plane
    steps:
      - { name: Gate, run: 'test -e /root/go', effect: repeatable }
  - name: Here
    nodes: control-plane[0]
    steps:
      - { name: Mark, run: 'echo planned >>DIR/mark', on: local, check: 'test -e DIR/mark' }
      - { name: Secret, run: 'test -s "$TOKEN" && cat "$TOKEN"', secrets: { TOKEN: '\${{ inputs.token }}' } }
`;

/** A run that stopped at its first step, known to its state folder and to the three control planes. */
async function stoppedRun() {
  const { lab, inventory } = await openLab({ controlPlanes: 3, workers: 0 });
  const dir = folder();
  const [file, mark, evil, state] = ['trust.yaml', 'mark', 'evil', 'state'].map((name) => join(dir, name));
  if (file === undefined || mark === undefined || evil === undefined || state === undefined)
    throw new Error('no paths');
  writeFileSync(file, RUNBOOK.replaceAll('DIR', dir));
  const stopped = await runbook(['apply', file, '-i', inventory, '--state-dir', state, '--yes']);
  expect(stopped.code, stopped.all).toBe(1);
  const run = /runbook resume (\S+)/.exec(stopped.all)?.[1] ?? '';
  const machine = (node: string) => {
    const found = lab.world.machines.find(({ name }) => name === node);
    if (!found) throw new Error(`no node ${node}`);
    return found;
  };
  const path = (name: string) => `/var/lib/runbook/${run}/${name}`;
  const read = (node: string, name: string) => machine(node).fs.readFile(path(name));
  const plan: Plan = JSON.parse(await read('cp-1', 'plan.json'));
  return {
    run,
    mark,
    evil,
    state,
    plan,
    read,
    write: (node: string, name: string, text: string) => machine(node).fs.writeFile(path(name), text),
    go: async () => {
      for (const { name, fs } of lab.world.machines) await fs.writeFile(`/root/go`, name);
    },
    /** From a state folder that knows nothing, unless another is given. */
    resume: (...words: string[]) =>
      runbook([
        'resume',
        run,
        '-i',
        inventory,
        '--yes',
        '--state-dir',
        words.includes('--state-dir') ? '' : folder(),
        ...words,
      ]),
  };
}

/** The plan with another local script, as someone makes it who knows how digests are made. */
function evilOf({ plan, evil }: { readonly plan: Plan; readonly evil: string }): Plan {
  const phases = plan.phases.map((phase) => ({
    ...phase,
    steps: phase.steps.map((step) => (step.place === 'local' ? { ...step, script: `echo evil >>${evil}` } : step)),
  }));
  return { ...plan, phases, digest: planDigest({ ...plan, phases }) };
}

test('a run that only the nodes know continues by the plan of their majority, which is shown, and local steps are allowed first', async () => {
  const it = await stoppedRun();
  await it.go();
  const known = ['--plan-digest', it.plan.digest];
  const refusedWith = async (code: number, ...words: string[]): Promise<string> => {
    const refused = await it.resume(...words);
    expect(refused.code, refused.all).toBe(code);
    expect(refused.all).not.toMatch(/gate.* started/);
    return refused.all;
  };

  const asked = await refusedWith(2);
  expect(asked).toMatch(/[|│] echo planned >>/);
  expect(asked).toMatch(/2 steps for this machine[^]*cp-1\/2\.1-mark[^]*--yes does not answer/);
  expect(asked).toContain(
    'cp-1/2.2-secret: Secret (reads secrets: TOKEN from command:echo planted-of-a-command | tr a-z A-Z)',
  );
  expect(asked).toContain(known.join(' '));
  const wrong = await refusedWith(5, '--plan-digest', 'ab'.repeat(32));
  expect(wrong).toContain(`--plan-digest: ${'ab'.repeat(32)}`);

  // Another plan in a later epoch on one node, with and without the state folder.
  const evil = evilOf(it);
  const journal = await it.read('cp-2', 'journal.1');
  await it.write('cp-2', 'plan.json', JSON.stringify(evil));
  const theirs = journal.replace(it.plan.digest, evil.digest).replace('"epoch":1', '"epoch":99');
  await it.write('cp-2', 'journal.99', resealed(theirs));
  for (const words of [[], ['--state-dir', it.state]]) {
    const two = await refusedWith(5, ...words);
    expect(two).toContain(`do not keep one and the same plan of run ${it.run}`);
    expect(two).toContain(`cp-1: ${it.plan.digest} (epoch 1)`);
    expect(two).toContain(`cp-2: ${evil.digest} (epoch 99)`);
  }
  await refusedWith(5, '--plan-digest', evil.digest);

  // An edited plan whose digest is left as it was.
  await it.write('cp-1', 'plan.json', JSON.stringify({ ...it.plan, phases: evil.phases }));
  const damaged = await refusedWith(5, ...known);
  expect(damaged).toMatch(/edited or damaged, and not used[^]*cp-1: run \S+ the plan was edited or damaged/);
  expect(damaged).toContain('no majority of the nodes agrees');
  await it.write('cp-1', 'plan.json', JSON.stringify(it.plan));
  expect(existsSync(it.mark)).toBe(false);

  const resumed = await it.resume(...known);
  expect(resumed.code, resumed.all).toBe(0);
  expect(resumed.all).toContain('what only cp-2 reports');
  expect(resumed.all).toMatch(/rebuilt run \S+ from cp-1, cp-3/);
  expect(resumed.all).toMatch(/cp-1.*\*\*\*/);
  expect(resumed.all).not.toContain('PLANTED');
  expect([existsSync(it.evil), readFileSync(it.mark, 'utf8')]).toEqual([false, 'planned\n']);
});

test.each(['../../etc', '..', 'a/b', 'UP', ''])('the id of a run has one form everywhere: not %j', async (id) => {
  for (const words of [
    ['status', id],
    ['logs', id],
    ['resume', id, '--yes'],
  ]) {
    const refused = await runbook([...words, '--state-dir', folder()]);
    expect(refused.code, refused.all).toBe(2);
    expect(refused.all).toContain(`not the id of a run: ${id}`);
  }
});
