import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../src/guards/guard.ts';
import { checkRun, checkStep } from '../../src/guards/registry.ts';
import { type ClusterSketch, guardNodes, sketch, stepOn } from './cluster.ts';

interface StateCase {
  readonly title: string;
  readonly cluster: ClusterSketch;
  readonly violates: readonly string[];
}
interface StepCase {
  readonly title: string;
  readonly before: ClusterSketch;
  readonly after: ClusterSketch;
  readonly step: { readonly action: string; readonly node: string; readonly with: Readonly<Record<string, unknown>> };
  readonly refused: readonly string[];
  readonly warned: readonly string[];
}

const rules = [
  'skew-api-servers',
  'skew-kubelet',
  'skew-kube-proxy',
  'skew-mixed-api-servers',
  'skew-kubelet-drained',
  'no-skipped-minor',
  'kubeadm-version',
  'no-downgrade',
];

function read(file: string): unknown {
  return JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'));
}

const states = read('skew-states.json') as readonly StateCase[];
const steps = read('steps.json') as readonly StepCase[];

function guardsOf(findings: readonly Finding[], severity: Finding['severity']): string[] {
  const ids = findings.filter((finding) => finding.severity === severity).map((finding) => finding.guard);
  return [...new Set(ids)].toSorted();
}

describe('the skew rules on a cluster as it stands', () => {
  it.each(states)('$title', ({ cluster, violates }) => {
    const before = sketch(cluster);
    const findings = checkRun({ nodes: guardNodes(before), before, after: before }, rules);
    expect(guardsOf(findings, 'warn')).toEqual([...violates].toSorted());
    expect(guardsOf(findings, 'refuse')).toEqual([]);
  });

  it.each(states.filter((entry) => entry.violates.length > 0))(
    'refuses a step that leads there: $title',
    ({ cluster, violates }) => {
      const after = sketch(cluster);
      const before = { nodes: {}, cluster: {} };
      const step = stepOn('w1', 'verify-cluster', { version: '1.32.9' });
      const findings = checkStep({ nodes: guardNodes(after), before, after, step }, [
        'skew-api-servers',
        'skew-kubelet',
        'skew-kube-proxy',
      ]);
      const refused = [...guardsOf(findings, 'refuse'), ...guardsOf(findings, 'warn')].toSorted();
      expect(refused).toEqual([...violates].toSorted());
    },
  );
});

describe('the version rules before a step', () => {
  it.each(steps)('$title', ({ before: was, after: is, step: asked, refused, warned }) => {
    const before = sketch(was);
    const step = stepOn(asked.node, asked.action, asked.with);
    const findings = checkStep({ nodes: guardNodes(before), before, after: sketch(is), step }, rules);
    expect(guardsOf(findings, 'refuse')).toEqual([...refused].toSorted());
    if (warned.length > 0) expect(guardsOf(findings, 'warn')).toEqual([...warned].toSorted());
    for (const finding of findings) {
      expect(finding.summary).toMatch(/\d+\.\d+/);
      expect(finding.remedy).not.toBe('');
      expect(finding.source).not.toBe('');
      expect(finding.step).toBe(step.id);
    }
  });

  it('names the rules and the way for a skipped minor', () => {
    const before = sketch({ apiServers: { cp1: '1.31.9' }, kubelets: { cp1: '1.31.9' }, clusterVersion: '1.31.9' });
    const step = stepOn('cp1', 'kubeadm-upgrade-apply', { version: '1.33.4' });
    const findings = checkStep({ nodes: guardNodes(before), before, after: before, step }, rules);
    expect(findings.map((finding) => finding.guard)).toEqual(['no-skipped-minor', 'kubeadm-version']);
    for (const { summary, remedy } of findings) {
      expect(summary).toContain('1.33.4');
      expect(remedy).toMatch(/^Go to 1\.32 first/);
    }
  });

  it('says that downgrades are not supported', () => {
    const before = sketch({ apiServers: { cp1: '1.31.9' }, kubelets: { cp1: '1.31.9' }, clusterVersion: '1.31.9' });
    const step = stepOn('cp1', 'package-repo', { version: '1.30.4' });
    const [finding] = checkStep({ nodes: guardNodes(before), before, after: before, step }, rules);
    expect(finding?.summary).toBe('1.30.4 is older than the cluster, which is at 1.31.9: downgrades are not supported');
  });

  it('says nothing about facts that were not asked for', () => {
    for (const facts of [{ nodes: {} }, { nodes: {}, cluster: {} }, { nodes: { w1: {} }, cluster: { nodes: [] } }]) {
      const step = stepOn('w1', 'kubeadm-upgrade-apply', { version: '1.33.4' });
      expect(checkStep({ nodes: guardNodes(facts), before: facts, after: facts, step }, rules)).toEqual([]);
      expect(checkRun({ nodes: guardNodes(facts), before: facts, after: facts })).toEqual([]);
    }
  });
});
