import { expect, test } from 'vitest';
import { proposal } from '../../src/init/next.ts';

const RUNBOOKS = ['upgrade-1.32.yaml', 'upgrade.yaml'];

test('the next minor has its ready runbook, else the one for any release, without an invented patch', () => {
  const last = (version: string | undefined) =>
    proposal({ ...(version !== undefined && { version }) }, 'inventory.yaml', RUNBOOKS);
  expect(last('1.31.4').steps.at(-1)?.command).toBe('runbook plan upgrade-1.32.yaml');
  expect(last('1.32.9')).toMatchObject({ notes: [expect.stringContaining('stable-1.33.txt')] });
  expect(last('1.32.9').steps.at(-1)?.command).toBe('runbook plan upgrade.yaml --set version=1.33.PATCH');
  expect(last('1.32').steps.at(-1)?.command).toContain('1.33.PATCH');
});

test('of an unknown release, or one of a vendor, no upgrade is proposed', () => {
  for (const version of [undefined, '1.31.2+k0s.0', '1.31.4-eks-2d5f260', 'stable']) {
    const { steps, notes } = proposal({ ...(version !== undefined && { version }) }, 'inventory.yaml', RUNBOOKS);
    expect(steps.filter(({ command }) => command.includes('upgrade'))).toEqual([]);
    expect(notes).toHaveLength(1);
  }
});

test('commands name an inventory that is not the default, quoted where a shell needs it', () => {
  const { steps } = proposal({ version: '1.31.4' }, 'my inventory.yaml', RUNBOOKS);
  expect(steps.map(({ command }) => command)).toEqual([
    "runbook validate 'my inventory.yaml'",
    "runbook plan smoke.yaml -i 'my inventory.yaml'",
    "runbook preflight -i 'my inventory.yaml'",
    "runbook plan upgrade-1.32.yaml -i 'my inventory.yaml'",
  ]);
});
