import type { Finding } from '../guards/guard.ts';

/** The same rule on the same node for the same reason is told once: where it is worst, else at its first step. */
export function unique(findings: readonly Finding[]): Finding[] {
  const told = new Map<string, Finding>();
  for (const finding of findings) {
    const key = `${finding.guard}\n${finding.node ?? ''}\n${finding.summary}`;
    const known = told.get(key);
    if (!known || weight[finding.severity] > weight[known.severity]) told.set(key, finding);
  }
  return [...told.values()];
}

const weight = { note: 0, warn: 1, refuse: 2 } as const;

/** Rules about versions: once one refuses a step, what they say of later steps mostly follows from it. */
const VERSION_RULES = /^(skew-|no-skipped-minor$|no-downgrade$|kubeadm-version$|repository-offers$|etcd-floor$)/;

/** Keeps the refusals of version rules at the first refused step, and says how many more follow from them. */
export function withoutConsequences(findings: readonly Finding[]): Finding[] {
  const versionRefusals = findings.filter((one) => one.severity === 'refuse' && VERSION_RULES.test(one.guard));
  const first = versionRefusals[0]?.step;
  const later = versionRefusals.filter((one) => one.step !== first);
  if (first === undefined || later.length === 0) return [...findings];
  const more: Finding = {
    guard: 'version-rules',
    severity: 'note',
    summary: `${later.length} more refusals by version rules at later steps are left out: they follow from ${first}`,
    remedy: `Mend ${first} first; what is left then shows in the next plan.`,
    source: 'Kubernetes version skew policy',
  };
  return [...findings.filter((one) => !later.includes(one)), more];
}
