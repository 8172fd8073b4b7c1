import { expect, test } from 'vitest';
import { cutOff, upgrade } from './kubeadm-cut.ts';

const SIZE = { controlPlanes: 3, workers: 0 };

test('kubeadm upgrade that is cut off is run again, and all is as if nothing had happened', async () => {
  const undisturbed = await upgrade(SIZE);
  expect(undisturbed.state.join('\n')).toContain('kube-proxy 1.32.9');
  expect(undisturbed.kubeadm).toHaveLength(3);
  // By the versions alone cp-1 is done there.
  expect(await cutOff(SIZE, undisturbed, { node: 'cp-1', phase: 'bootstrap-token', how: 'exit:1' })).toEqual([]);
  expect(await cutOff(SIZE, undisturbed, { node: 'cp-3', phase: 'addons', how: 'reboot' })).toEqual([]);
}, 240_000);
