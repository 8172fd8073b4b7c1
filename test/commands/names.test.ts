import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { changes, folder } from './cli.ts';
import { labUp, runbook } from './in-process.ts';

test('names that are swapped in the inventory are refused with both named, and another name is shown with its Node object', async () => {
  const lab = await labUp({ controlPlanes: 1, workers: 2 });
  const text = readFileSync(lab.inventory, 'utf8');
  const common = ['upgrade-1.32.yaml', '-i', lab.inventory, '--state-dir', folder(), '--limit', 'worker-1'];
  writeFileSync(
    lab.inventory,
    text.replace(/worker-[12]/g, (name) => (name === 'worker-1' ? 'worker-2' : 'worker-1')),
  );
  for (const words of [['plan'], ['apply', '--yes', '--override', 'same-machine=it is fine'], ['apply', '--yes']]) {
    const refused = await runbook([...words, ...common]);
    expect(refused.code, refused.all).toBe(words.includes('--override') ? 2 : 3);
    if (!words.includes('--override'))
      expect(refused.all.replaceAll(/\s+/g, ' ')).toMatch(
        /worker-1 \(\S+\) is the machine of the Node object worker-2, and worker-1 is the name of another Node object/,
      );
  }
  expect((await lab.nodes()).flatMap(changes)).toEqual([]);

  writeFileSync(lab.inventory, text.replaceAll('worker-2', 'rack-b'));
  const planned = await runbook(['plan', ...common.slice(0, -2)]);
  expect(planned.code, planned.all).toBe(0);
  expect(planned.stdout.replaceAll(/\s+/g, ' ')).toContain(
    'rack-b worker at 127.0.0.1 (Node objects: rack-b is worker-2)',
  );
});
