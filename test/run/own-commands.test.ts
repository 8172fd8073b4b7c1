import { expect, test } from 'vitest';
import type { DraftedStep, PlannedStep } from '../../src/plan/bind.ts';
import type { Connection } from '../../src/run/connect.ts';
import type { Console } from '../../src/run/console.ts';
import { OwnCommands } from '../../src/run/own-commands.ts';

test('a command that plans twice asks and shows each command of the runbook once', async () => {
  const ran: string[] = [];
  const shown: string[] = [];
  const probe = (script: string) => {
    ran.push(script);
    return Promise.resolve({ code: script === 'no' ? 1 : 0, stdout: `of ${script}`, stderr: '' });
  };
  const connection = {
    links: { with: (_: string, work: (remote: { probe: typeof probe }) => unknown) => work({ probe }) },
    observer: {},
  } as unknown as Connection;
  const console = {
    look: { verbose: false },
    info: (_: string, detail: readonly string[]) => shown.push(...detail),
  } as unknown as Console;
  const own = new OwnCommands(console, connection);
  const step = (key: string, commands: object) =>
    ({ key, node: { name: 'w1' }, place: 'node', env: {}, ...commands }) as unknown as PlannedStep;
  const steps: DraftedStep[] = [step('w1/1', { check: 'yes' }), step('w1/2', { check: 'no' }), step('w1/3', {})];
  const required = [step('w1/4', { script: 'no' }), step('w1/5', { script: 'yes' })];

  for (let time = 0; time < 2; time += 1) {
    expect(await own.checks(steps)).toEqual({ 'w1/1': true, 'w1/2': false });
    expect([...(await own.requirements(required))]).toEqual([['w1/4', 'of no']]);
  }
  expect(await own.checks([step('w1/6', { check: 'yes' })])).toEqual({ 'w1/6': true });
  expect(ran).toEqual(['yes', 'no', 'no', 'yes', 'yes']);
  expect(shown).toEqual(['check on w1: yes', 'check on w1: no', 'require on w1: no', 'require on w1: yes']);
});
