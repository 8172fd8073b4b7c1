import { isStepOf, type BoundStep } from '../actions/bound-step.ts';
import { reboot } from '../actions/reboot.ts';
import { restartKubelet } from '../actions/restart-kubelet.ts';
import type { NodeFacts } from '../facts/facts.ts';
import type { Guard } from './guard.ts';
import { type MachineDraft, onMachines, sizeText } from './lib/machines.ts';
import { listed } from './lib/subject.ts';

export const swap: Guard = {
  id: 'swap',
  title: 'Swap is off, or the kubelet is allowed to start with it',
  source: '"Swap memory management": a kubelet with failSwapOn (the default) does not start while swap is on',
  facts: ['kernel', 'kubeletSetup', 'kubeletConfig'],
  scope: 'run',
  check: (input) => {
    // A running kubelet has looked at swap once, at its start.
    if (input.step && !isStepOf(input.step, restartKubelet, reboot)) return [];
    const clusters = input.before.cluster?.kubeletConfig?.failSwapOn;
    return onMachines(swap, input, (facts) => judge(facts, clusters, input.step));
  },
};

function judge(
  { kernel, kubeletSetup }: NodeFacts,
  clusters: boolean | undefined,
  step: BoundStep | undefined,
): MachineDraft[] {
  const swaps = kernel?.swaps ?? [];
  // How the kubelet is configured decides; nothing known of it, nothing to say.
  if (swaps.length === 0 || !kubeletSetup?.config) return [];
  const flag = kubeletSetup.flags.find(({ name }) => name === 'fail-swap-on')?.value;
  const fails = flag === undefined ? (kubeletSetup.config.failSwapOn ?? true) : flag !== 'false';
  if (!fails || clusters === false) return [];
  return [
    {
      severity: isStepOf(step, restartKubelet) ? 'refuse' : 'warn',
      summary: `swap is on (${listed(swaps.map(({ name, bytes }) => `${name}, ${sizeText(bytes)}`))}), and its kubelet does not start with it`,
      remedy:
        'swapoff -a, and take it out of /etc/fstab (systemd: mask its .swap unit); or set failSwapOn: false in the ConfigMap kube-system/kubelet-config.',
    },
  ];
}
