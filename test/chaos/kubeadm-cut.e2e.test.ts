import { describe, expect, test } from 'vitest';
import { type KubeadmPhase, kubeadmPhases } from '../../src/lab/tools/kubeadm-phases.ts';
import { MISFORTUNES } from '../../src/rehearse/faults/list.ts';
import { cutOff, upgrade } from './kubeadm-cut.ts';

/**
 * The phases in which kubeadm fails in the list of misfortunes. What is cut off between two renames is the operator's to
 * put back (test/lab/interrupted-kubeadm.test.ts).
 */
const failing = new Set(
  MISFORTUNES.flatMap(({ strike }) =>
    strike.kind === 'command' && strike.on.startsWith('^kubeadm') && strike.does.startsWith('exit') ? strike.phase : [],
  ),
);

test('kubeadm fails in each of its phases in the list of misfortunes', () => {
  expect(kubeadmPhases.filter((phase) => phase !== 'swap' && !failing.has(phase))).toEqual([]);
});

const WAYS = ['reboot', 'exit:137', 'exit:1'];
const ofApply: readonly KubeadmPhase[] = ['upload-config', 'upload-kubelet-config', 'bootstrap-token'];

describe.each([
  { controlPlanes: 1, workers: 1 },
  { controlPlanes: 3, workers: 0 },
])('with $controlPlanes control planes', (size) => {
  test('kubeadm that is cut off in any of its phases is run again, and all is as if nothing had happened', async () => {
    const undisturbed = await upgrade(size);
    const last = `cp-${size.controlPlanes}`;
    // Only the last control plane comes to the addons.
    const phases = kubeadmPhases.filter((phase) => failing.has(phase));
    const cuts = phases.flatMap((phase) => [
      ...(phase === 'kube-proxy' && last !== 'cp-1' ? [] : [{ node: 'cp-1', phase }]),
      ...(last === 'cp-1' || ofApply.includes(phase) ? [] : [{ node: last, phase }]),
    ]);
    const wrong: string[] = [];
    for (const [index, cut] of cuts.entries()) {
      // With several control planes a run takes long: each cut in one of the ways there.
      const ways = size.controlPlanes === 1 ? WAYS : [WAYS[index % WAYS.length] ?? ''];
      for (const how of ways) wrong.push(...(await cutOff(size, undisturbed, { ...cut, how })));
    }
    expect(wrong).toEqual([]);
  }, 1_200_000);
});
