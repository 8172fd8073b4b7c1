import { join } from 'node:path';
import { expect, test } from 'vitest';
import { localFleet } from './local.ts';
import { eventually } from '../../eventually.ts';

const STEPS = `      - { name: Go on, uses: approve, with: { message: Shall it? } }
      - run: 'touch \${{ node.vars.at }}.ran'
        on: local
`;
const STAGES = `    - { name: all, clusters: 'true', maxConcurrent: 2 }\n`;

test('a name that no step of the runbook has, and a step that would ask, are refused before a run starts', async () => {
  const it = localFleet(['a1', 'b1'], STAGES, STEPS);
  const saved = join(it.dir, 'saved');
  const planned = await it.fleet('plan', ...it.apply.slice(1), '-o', saved);
  expect(planned.code, planned.all).toBe(0);
  for (const words of [it.apply, ['apply', saved]]) {
    const misspelt = await it.fleet(...words, '--yes', '--approve', 'go-onn');
    expect(misspelt, misspelt.all).toMatchObject({ code: 2, all: expect.stringContaining('Those that ask: go-on') });
    expect(misspelt.all).toContain('--approve go-onn: no step of that name asks for approval');
    const unnamed = await it.fleet(...words, '--yes');
    expect(unnamed, unnamed.all).toMatchObject({ code: 2, all: expect.stringContaining('--approve go-on') });
    expect(unnamed.all).toContain('no one is asked once clusters run: go-on (a1, b1)');
  }
  expect(await it.fleet('status')).toMatchObject({ code: 2, all: expect.stringContaining('no fleet runs are known') });
  const applied = await it.fleet('apply', saved, '--yes', '--approve', 'Go on');
  expect(applied.code, applied.all).toBe(0);
  expect([it.has('a1.ran'), it.has('b1.ran')]).toEqual([true, true]);
});

test('a stage that waits for approval shows the command that gives it; a dumb terminal follows without escapes', async () => {
  const stages = `    - { name: first, clusters: name == 'a1', approve: true }\n    - { name: rest, clusters: 'true' }\n`;
  const it = localFleet(['a1', 'b1'], stages, "      - { run: 'true', on: local }\n");
  const driver = it.start(...it.apply, '--yes');
  let shown = '';
  driver.all.on('data', (text: Buffer) => (shown += text.toString()));
  const command = /stage first waits for approval\n.*runbook fleet approve (first --run \S+)/;
  await eventually(() => expect(shown).toMatch(command));
  const approved = await it.fleet('approve', ...(command.exec(shown)?.[1] ?? '').split(' '));
  expect(approved.code, approved.all).toBe(0);
  expect((await driver).exitCode, shown).toBe(0);
  expect(shown).toContain('2 of 2 clusters done');
  const { terminal, running } = it.onTerminal('status', '--live');
  expect((await running).exitCode).toBe(0);
  expect(terminal.text).toContain('2 of 2 clusters done');
  expect(terminal.text).not.toContain('\u001b');
});
