import type { KubeletSetupFact } from '../facts/kubelet-setup.ts';
import type { Guard } from './guard.ts';
import { type MachineDraft, onMachines } from './lib/machines.ts';
import { listed } from './lib/subject.ts';

export const oldDropIn: Guard = {
  id: 'old-drop-in',
  title: "No old unit or drop-in in /etc overrides the package's own",
  source:
    'systemd.unit(5): files in /etc override those of the same name in /usr/lib; "Configuring each kubelet in your cluster using kubeadm"',
  facts: ['kubeletSetup'],
  scope: 'run',
  check: (input) =>
    input.step
      ? []
      : onMachines(oldDropIn, input, ({ kubeletSetup }) =>
          kubeletSetup ? [...found(kubeletSetup.shadowing, 'warn'), ...found(kubeletSetup.ownUnits, 'note')] : [],
        ),
};

function found(files: KubeletSetupFact['shadowing'], severity: 'warn' | 'note'): MachineDraft[] {
  if (files.length === 0) return [];
  const what =
    severity === 'warn' ? "overrides the package's own, which differs" : 'will override what newer packages bring';
  return [
    {
      severity,
      summary: `${listed(files)} ${what}`,
      remedy:
        'Compare the two (systemctl cat kubelet). Keep what is yours in a drop-in of another name, remove the file from /etc, then systemctl daemon-reload.',
    },
  ];
}
