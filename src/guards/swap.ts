import type { NodeFacts } from '../facts/facts.ts';
import type { Guard, GuardStep } from './guard.ts';
import { type MachineDraft, onMachines, sizeText } from './lib/machines.ts';
import { listed } from './lib/subject.ts';

/** What starts the kubelet anew: a running one has looked at swap once, at its start. */
const starts = new Set(['restart-kubelet', 'reboot']);

export const swap: Guard = {
  id: 'swap',
  title: 'Swap is off, or the kubelet is allowed to start with it',
  source: '"Swap memory management": a kubelet with failSwapOn (the default) does not start while swap is on',
  facts: ['kernel', 'kubeletSetup', 'kubeletConfig'],
  scope: 'run',
  check: (input) => {
    if (input.step && !starts.has(input.step.action)) return [];
    const clusters = input.before.cluster?.kubeletConfig?.failSwapOn;
    return onMachines(swap, input, (facts) => judge(facts, clusters, input.step));
  },
};

function judge(
  { kernel, kubeletSetup }: NodeFacts,
  clusters: boolean | undefined,
  step: GuardStep | undefined,
): MachineDraft[] {
  const swaps = kernel?.swaps ?? [];
  // How the kubelet is configured decides; nothing known of it, nothing to say.
  if (swaps.length === 0 || !kubeletSetup?.config) return [];
  const flag = kubeletSetup.flags.find(({ name }) => name === 'fail-swap-on')?.value;
  const fails = flag === undefined ? (kubeletSetup.config.failSwapOn ?? true) : flag !== 'false';
  if (!fails || clusters === false) return [];
  return [
    {
      severity: step?.action === 'restart-kubelet' ? 'refuse' : 'warn',
      summary: `swap is on (${listed(swaps.map(({ name, bytes }) => `${name}, ${sizeText(bytes)}`))}), and its kubelet does not start with it`,
      remedy:
        'swapoff -a, and take it out of /etc/fstab (systemd: mask its .swap unit); or set failSwapOn: false in the ConfigMap kube-system/kubelet-config.',
    },
  ];
}
