import { minorText } from '../facts/lib/version.ts';
import type { Finding, Guard, GuardInput } from './guard.ts';
import { highest, skewState } from './lib/skew-state.ts';
import { listed, peopleName } from './lib/subject.ts';

/** Warns at the limit; `skew-kubelet` refuses beyond it. */
export const skewKubeletBehind: Guard = {
  id: 'skew-kubelet-behind',
  title: 'Kubelets at the limit are upgraded before the control plane moves on',
  source: 'Kubernetes version skew policy: kubelet (three minors, two before 1.25)',
  facts: ['nodes', 'apiServers', 'machine', 'kubelet'],
  scope: 'run',
  check: (input) => {
    if (input.step && isUnmoved(input)) return [];
    const now = atLimit(input, input.step ? input.after : input.before);
    const before = input.step ? atLimit(input, input.before) : [];
    const names = now.filter((name) => !before.includes(name));
    const top = highest(skewState(input.step ? input.after : input.before).apiServers);
    if (names.length === 0 || !top) return [];
    return [finding(input, names, top.minor)];
  },
};

function isUnmoved(input: GuardInput): boolean {
  const [before, after] = [skewState(input.before), skewState(input.after)];
  return before.kubelets === after.kubelets && before.apiServers === after.apiServers;
}

function finding(input: GuardInput, names: readonly string[], minor: number): Finding {
  return {
    guard: skewKubeletBehind.id,
    // After a step it is a plan's own doing: its kubelets follow in later steps.
    severity: input.step ? 'note' : 'warn',
    summary: `kubelets as old as an API server at ${minorText(minor)} allows: ${listed(names)}`,
    remedy: `Upgrade them before any control plane moves to ${minorText(minor + 1)}.`,
    source: skewKubeletBehind.source,
  };
}

function atLimit(input: GuardInput, facts: GuardInput['before']): string[] {
  const { apiServers, kubelets } = skewState(facts);
  const top = highest(apiServers);
  if (!top) return [];
  return kubelets
    .filter(({ source, minor }) => source === 'running' && top.minor - minor === (minor < 25 ? 2 : 3))
    .map(({ node, version }) => `${peopleName(input.before, node)} (${version})`);
}
