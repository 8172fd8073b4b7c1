import { isStepOf } from '../actions/bound-step.ts';
import { kubeadmUpgradeApply } from '../actions/kubeadm-upgrade-apply.ts';
import { minorNumber, minorText } from '../facts/lib/version.ts';
import type { Guard, GuardInput } from './guard.ts';
import { findingOf, targetOf } from './lib/subject.ts';

interface Mode {
  /** The first minor that says so in its log. */
  readonly deprecated: number;
  /** The first minor that does not have it, or not without a feature gate. */
  readonly gone: number;
  readonly remedy: string;
}

/** Data: modes of kube-proxy that go. */
const modes: Readonly<Record<string, Mode>> = {
  // CHANGELOG-1.26 (kubernetes/kubernetes#112133)
  userspace: { deprecated: 23, gone: 26, remedy: 'Set mode: iptables there, and restart the pods of kube-proxy.' },
  // KEP-5495: a warning since 1.35, the feature gate KubeProxyIPVS since 1.37, off by default from 1.40 on
  ipvs: { deprecated: 35, gone: 40, remedy: 'Plan the move to mode: nftables (its successor) or iptables.' },
};

export const kubeProxyMode: Guard = {
  id: 'kube-proxy-mode',
  title: 'kube-proxy runs in a mode that the release has',
  source: 'KEP-5495: ipvs is deprecated in 1.35; CHANGELOG-1.26: the mode userspace was removed',
  facts: ['kubeProxyConfig', 'kubeadmConfig'],
  scope: 'run',
  check: (input) => {
    if (input.step && !isStepOf(input.step, kubeadmUpgradeApply)) return [];
    const name = input.before.cluster?.kubeProxyConfig?.mode ?? '';
    const mode = modes[name];
    const minor = minorOf(input);
    if (!mode || minor === undefined || minor < mode.deprecated) return [];
    const isGone = minor >= mode.gone;
    return [
      findingOf(kubeProxyMode, {
        severity: isGone ? 'refuse' : 'warn',
        summary: isGone
          ? `kube-proxy has the mode ${name} (ConfigMap kube-system/kube-proxy), which ${minorText(mode.gone)} does not have`
          : `kube-proxy has the mode ${name} (ConfigMap kube-system/kube-proxy), deprecated since ${minorText(mode.deprecated)} and gone in ${minorText(mode.gone)}`,
        remedy: mode.remedy,
      }),
    ];
  },
};

/** That of the step; without one, of the cluster: what is gone by then does not run. */
function minorOf({ step, before }: GuardInput): number | undefined {
  return minorNumber((step ? targetOf(step) : before.cluster?.kubeadmConfig?.kubernetesVersion) ?? '');
}
