import { SEVERITIES } from '../event.ts';
import type { Finding } from '../guards/guard.ts';

/** The same rule on the same node for the same reason is reported once: where it is worst, else at its first step. */
export function unique(findings: readonly Finding[]): Finding[] {
  const kept = new Map<string, Finding>();
  for (const finding of findings) {
    const key = `${finding.guard}\n${finding.node ?? ''}\n${finding.summary}`;
    const known = kept.get(key);
    if (!known || rank(finding) < rank(known)) kept.set(key, finding);
  }
  return [...kept.values()];
}

const rank = ({ severity }: Finding): number => SEVERITIES.indexOf(severity);

/** Once one of a family refuses a step, its refusals of later steps mostly follow from it. */
const FAMILIES = [
  /^(skew-|no-skipped-minor$|no-downgrade$|kubeadm-version$|etcd-floor$)/,
  // A node that does not reach its repository says nothing about versions.
  /^repository-offers$/,
] as const;

/** Keeps the refusals of version rules at the first refused step, and says how many more follow from them. */
export function withoutConsequences(findings: readonly Finding[]): Finding[] {
  return FAMILIES.reduce<Finding[]>(withoutLater, [...findings]);
}

function withoutLater(findings: readonly Finding[], family: RegExp): Finding[] {
  const refusals = findings.filter((one) => one.severity === 'refuse' && family.test(one.guard));
  const first = refusals[0]?.step;
  const later = refusals.filter((one) => one.step !== first);
  if (first === undefined || later.length === 0) return [...findings];
  const more: Finding = {
    guard: 'version-rules',
    severity: 'note',
    summary: `${later.length} more refusals by version rules at later steps are left out: they follow from ${first}`,
    remedy: `Fix ${first} first; the next plan shows what is left.`,
    source: 'Kubernetes version skew policy',
  };
  return [...findings.filter((one) => !later.includes(one)), more];
}
