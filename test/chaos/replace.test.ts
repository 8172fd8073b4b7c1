import { expect, test } from 'vitest';
import { disturbedBy, replace } from './replace.ts';

test('a replacement of a control plane that is cut off is done once, and by secrets that are shown nowhere', async () => {
  const undisturbed = await replace();
  expect(undisturbed.wrong).toEqual([]);
  expect(undisturbed.state.at(-1)).toContain('"node":"cp-4","started":true,"learner":false');
  const wrong = await disturbedBy(undisturbed, [
    { kind: 'cut', phase: 'etcd-start', how: 'reboot' },
    { kind: 'cut', phase: 'cleanup-node', how: 'exit:137' },
  ]);
  expect(wrong).toEqual([]);
}, 240_000);
