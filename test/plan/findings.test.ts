import { expect, test } from 'vitest';
import type { Finding } from '../../src/guards/guard.ts';
import { withoutConsequences } from '../../src/plan/findings.ts';

function refusal(guard: string, step: string, node = 'worker-1'): Finding {
  return { guard, step, node, severity: 'refuse', summary: `${guard} at ${step}`, remedy: 'mend it', source: 'a rule' };
}

test('of version rules that refuse, those at later steps are counted in place of told', () => {
  const first = refusal('no-skipped-minor', '1.3-kubeadm-upgrade-apply');
  const told = withoutConsequences([
    first,
    refusal('skew-kubelet', '4.4-restart-kubelet'),
    refusal('skew-mixed-api-servers', '5.4-drain'),
  ]);
  expect(told).toEqual([
    first,
    expect.objectContaining({ guard: 'version-rules', severity: 'note', summary: expect.stringMatching(/^2 more/) }),
  ]);
});

test('a repository that one node does not reach hides no refusal about versions', () => {
  const found = [refusal('repository-offers', '1.1-prefetch'), refusal('kubeadm-version', '2.3-kubeadm-upgrade-apply')];
  expect(withoutConsequences(found)).toEqual(found);
});
