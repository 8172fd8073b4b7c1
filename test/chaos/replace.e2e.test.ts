import { expect, test } from 'vitest';
import { membershipPhases } from '../../src/lab/tools/kubeadm-phases.ts';
import { disturbedBy, replace } from './replace.ts';

const counted = (count: number) => Array.from({ length: count }, (_, index) => index);

test('a replacement that is cut off in any phase, at any record or in any command ends as if nothing had happened', async () => {
  const undisturbed = await replace();
  expect(undisturbed.wrong).toEqual([]);
  const { records, commands } = undisturbed;
  const cuts = membershipPhases.map(
    (phase, index) => ({ kind: 'cut', phase, how: ['reboot', 'exit:137'][index % 2] ?? '' }) as const,
  );
  const kills = counted(records).flatMap((index) =>
    (['before', 'after'] as const).map((when) => ({ kind: 'record', seq: index + 1, when }) as const),
  );
  const inCommands = counted(commands.length).map(
    (number) => ({ kind: 'command', number, effect: number % 3 === 0 ? 'kill' : 'reboot' }) as const,
  );
  expect(await disturbedBy(undisturbed, [...cuts, ...kills, ...inCommands])).toEqual([]);
}, 1_200_000);
