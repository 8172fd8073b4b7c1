import { isStepOf } from '../actions/bound-step.ts';
import { reboot } from '../actions/reboot.ts';
import { restartKubelet } from '../actions/restart-kubelet.ts';
import type { Guard, GuardInput, GuardNode } from './guard.ts';
import { type Layer, layers, layersAt, OWN_FILE, settingIn, SHARED } from './lib/kubelet-start.ts';
import { type MachineDraft, onMachines, sizeText } from './lib/machines.ts';
import { listed } from './lib/subject.ts';
import { upgradeOptions } from './lib/upgrade.ts';

export const swap: Guard = {
  id: 'swap',
  title: 'Swap is off, or the kubelet is allowed to start with it',
  source: '"Swap memory management": a kubelet with failSwapOn (the default) does not start while swap is on',
  facts: ['kernel', 'kubeletSetup', 'kubeletConfig', 'binaries', 'staticPods', 'nodes', 'machine', 'kubelet'],
  scope: 'run',
  check: (input) => {
    // A running kubelet has looked at swap once, at its start.
    if (input.step && !isStepOf(input.step, restartKubelet, reboot) && !upgradeOptions(input.step)) return [];
    return onMachines(swap, input, ({ kernel, kubeletSetup }, node) => {
      // How the kubelet is configured decides; nothing known of it, nothing to say.
      if (!kernel?.swaps.length || !kubeletSetup?.config) return [];
      return judge(input, node, listed(kernel.swaps.map(({ name, bytes }) => `${name}, ${sizeText(bytes)}`)));
    });
  },
};

function judge(input: GuardInput, node: GuardNode, swaps: string): MachineDraft[] {
  const { before, step } = input;
  const fails = (of: readonly Layer[]) => settingIn(before, node, of, 'failSwapOn')?.value !== false;
  const now = fails(layers(before, node, 'own'));
  const overwritten = !now && fails(layers(before, node, 'shared'));
  const start = isStepOf(step, restartKubelet, reboot);
  if (start ? !fails(layersAt(input, node)) : !overwritten && (step !== undefined || !now)) return [];
  const patches = upgradeOptions(step)?.patches;
  const off = 'swapoff -a, and take it out of /etc/fstab (systemd: mask its .swap unit)';
  const subject = `swap is on (${swaps}), and its kubelet does not start with it`;
  return [
    {
      severity: isStepOf(step, restartKubelet) ? 'refuse' : 'warn',
      summary: overwritten
        ? `${subject} once kubeadm has written ${SHARED} over the failSwapOn: false of ${OWN_FILE}`
        : subject,
      remedy:
        overwritten && patches !== undefined
          ? `Make sure that a patch of kubeletconfiguration in ${patches} sets failSwapOn: false; or ${off}.`
          : `${off}; or set failSwapOn: false in ${SHARED}.`,
    },
  ];
}
