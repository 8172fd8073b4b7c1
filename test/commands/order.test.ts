import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openJournal } from '../../src/journal/journal.ts';
import { LocalLock } from '../../src/journal/lock.ts';
import { RunStore } from '../../src/journal/store.ts';
import { parsePlan } from '../../src/plan/plan.ts';
import { folder } from './cli.ts';
import { type Lab, labUp, runbook } from './in-process.ts';

const UPGRADE = 'upgrade-1.32.yaml';

/** The kinds of event of a command, and its exit code. */
async function events(lab: Lab, state: string, ...words: string[]) {
  const { code, stdout } = await runbook([...words, '-i', lab.inventory, '--state-dir', state, '--output', 'json']);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return { code, types: [...new Set(lines.map((line) => String(JSON.parse(line).type)))], stdout };
}

/** A run that a controller left behind without an end. */
async function leaveUnfinished(lab: Lab, state: string): Promise<void> {
  const file = join(state, 'plan.json');
  await runbook(['plan', UPGRADE, '-i', lab.inventory, '--state-dir', state, '-o', file]);
  const parsed = parsePlan(await readFile(file, 'utf8'));
  if ('problem' in parsed) throw new Error(parsed.problem);
  const run = await new RunStore(state).create('20260101-000000-left', parsed.plan, { nodes: {} });
  const { journal } = await openJournal(run.journal, Date.now);
  const holder = { host: 'elsewhere', pid: 1, user: 'ann' };
  await journal.append({ type: 'run-started', run: run.id, plan: parsed.plan.digest, epoch: 1, holder });
  await journal.close();
}

test('apply refuses in the order of its contract: documents, answer, lock, unfinished run, facts and guards', async () => {
  const lab = await labUp({ controlPlanes: 1, workers: 0 });
  const state = folder();
  await leaveUnfinished(lab, state);
  const held = await new LocalLock(state, 'lab').take('another-run', 'backup', () => false);

  const wrong = await events(lab, state, 'apply', UPGRADE, '--set', 'version=never');
  expect(wrong).toMatchObject({ code: 2, types: ['diagnostic', 'message'] });
  const unanswered = await events(lab, state, 'apply', UPGRADE);
  expect(unanswered).toMatchObject({ code: 2, types: ['message'] });
  const dry = (...bound: string[]) => runbook(['apply', UPGRADE, '-i', lab.inventory, '--dry-run', ...bound]);
  expect(await dry('--until', 'soon')).toMatchObject({ code: 2, all: expect.stringContaining('not a time') });
  expect(await dry('--max-nodes', '1')).toMatchObject({ code: 0, all: expect.stringContaining('the plan shows all') });

  for (const words of [
    ['apply', UPGRADE, '--yes'],
    ['resume', '--yes'],
  ]) {
    const locked = await events(lab, state, ...words);
    expect(locked, locked.stdout).toMatchObject({ code: 4, types: ['connecting', 'connected', 'message'] });
    expect(locked.stdout).toContain('another-run');
  }
  await held.release();

  const unfinished = await events(lab, state, 'apply', UPGRADE, '--yes');
  expect(unfinished, unfinished.stdout).toMatchObject({ code: 1, types: ['connecting', 'connected', 'message'] });
  expect(unfinished.stdout).toContain('runbook resume 20260101-000000-left');

  const refused = await events(lab, state, 'apply', UPGRADE, '--yes', '--new', '--set', 'version=1.30.0');
  expect(refused.code, refused.stdout).toBe(3);
  expect(refused.types).toEqual(['connecting', 'connected', 'facts', 'finding', 'message']);
  expect((await new RunStore(state).read('20260101-000000-left')).progress.state).toBe('running');
});
