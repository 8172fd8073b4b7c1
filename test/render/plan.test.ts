import { stepName } from '../../src/render/text.ts';
import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { renderPlan } from '../../src/render/plan.ts';
import { samplePlan } from './samples.ts';

const LOOK = { color: false, unicode: true, verbose: false, columns: 80 };

describe('a plan for people', () => {
  const text = renderPlan(samplePlan(), LOOK);

  it('lists every node, every step and its commands, then findings and a summary', () => {
    expect(text).toMatchInlineSnapshot(`
      "Plan: upgrade-1.32 on lab
        runbook    runbooks/upgrade-1.32.yaml, inventory inventory.yaml
        inputs     version=1.32.9 force=false
        nodes      5: cp-[1:3] control-plane at 10.0.0.[11:13]; worker-1, worker-2
                   worker at 10.0.0.14, 10.0.0.15
        digest     dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd

      Phase 1/4 First control plane  1 node  cp-1
          ▶ change 1.1-package-repo Point the package source at v1.32: package-repo is
              at 1.31.9, 1.32.9 is asked for
              $ sed -i s,v1.31,v1.32, /etc/apt/sources.list.d/kubernetes.list
              $ apt-get update
          ▶ change 1.2-install-packages Install kubeadm 1.32.9: install-packages is at
              1.31.9, 1.32.9 is asked for
              $ apt-mark unhold kubeadm
              $ apt-get install -y kubeadm=1.32.9-1.1
              $ apt-mark hold kubeadm
          ▶ change 1.3-kubeadm-upgrade-apply Upgrade the control plane to 1.32.9
              kubeadm-upgrade-apply is at 1.31.9, 1.32.9 is asked for
              $ kubeadm upgrade apply v1.32.9 --yes

      Phase 2/4 Other control planes  2 nodes, one at a time  cp-2, cp-3
          ▶ change 2.1-package-repo Point the package source at v1.32: as 1.1
          ▶ change 2.2-install-packages Install kubeadm 1.32.9: as 1.2
          ▶ change 2.3-kubeadm-upgrade-node Upgrade the node configuration
              kubeadm-upgrade-node is at 1.31.9, 1.32.9 is asked for
              $ kubeadm upgrade node

      Phase 3/4 Kubelets of the control planes  3 nodes, one at a time  cp-[1:3]
          ▶ change 3.1-drain Drain the node: drain is at 1.31.9, 1.32.9 is asked for
              $ kubectl drain <node> --ignore-daemonsets --timeout=600s
          ▶ change 3.2-install-packages Install kubelet and kubectl 1.32.9
              install-packages is at 1.31.9, 1.32.9 is asked for
              $ apt-get install -y kubelet=1.32.9-1.1 kubectl=1.32.9-1.1
              $ systemctl restart kubelet
          ◇ read   3.3-wait-node-ready Wait until the node is Ready: asks until the
              Node object is Ready
              $ kubectl get node <node>
          ▶ change 3.4-uncordon Let pods onto the node again: uncordon is at 1.31.9,
              1.32.9 is asked for
              $ kubectl uncordon <node>

      Phase 4/4 Workers  2 nodes, one at a time  worker-1, worker-2
          ▶ change 4.1-package-repo Point the package source at v1.32: as 1.1
          ▶ change 4.2-install-packages Install kubeadm 1.32.9: as 1.2
          ▶ change 4.3-kubeadm-upgrade-node Upgrade the node configuration: as 2.3
          ▶ change 4.4-drain Drain the node: as 3.1
          ▶ change 4.5-install-packages Install kubelet and kubectl 1.32.9: as 3.2
          ◇ read   4.6-wait-node-ready Wait until the node is Ready: as 3.3
          ▶ change 4.7-uncordon Let pods onto the node again: as 3.4

      Refused: apply would stop here (1)
        ✖ refused: cp-1 1.3-kubeadm-upgrade-apply: 1.31.9 to 1.33.4 skips a minor
            do: upgrade to 1.32 first: --set version=1.32.9
            rule: Kubernetes version skew policy (version-skew)

      • note: 1.32.10 is offered too (repository-offers)

      would change 30 steps on 5 nodes; 5 that only read or wait; refused by 1 finding
      <node>: each node's own name. --node NAME: one node whole. -v: all, with scripts
      "
    `);
  });

  it('names every planned step', () => {
    for (const step of samplePlan().phases.flatMap((phase) => phase.steps))
      expect(text).toContain(stepName({ step: step.id, title: step.title }));
  });

  it('is no wider than the terminal, apart from commands and single words', () => {
    for (const line of text.split('\n')) if (!line.includes('$ ')) expect(stringWidth(line)).toBeLessThanOrEqual(80);
  });

  it('shows whole scripts and limits when verbose', () => {
    const verbose = renderPlan(samplePlan(), { ...LOOK, verbose: true });
    expect(verbose).toContain('│ set -eu');
    expect(verbose).toContain('time limit 600s, then leave; retries 0; effect once');
  });

  it('has the same words with colours, and ASCII only without Unicode', () => {
    expect(stripVTControlCharacters(renderPlan(samplePlan(), { ...LOOK, color: true }))).toBe(text);
    expect(renderPlan(samplePlan(), { ...LOOK, unicode: false })).toMatch(/^[\u0000-\u007f]*$/);
  });

  it('shows commands exactly, their lines apart and control characters spelled out', () => {
    const plan = samplePlan();
    const [phase] = plan.phases;
    const [step] = phase?.steps ?? [];
    if (phase === undefined || step === undefined) throw new Error('the sample has no steps');
    const odd = { ...step, commands: ["printf 'a\u001b[2J'\nsecond  line"] };
    const shown = renderPlan({ ...plan, phases: [{ ...phase, steps: [odd] }] }, LOOK);
    expect(shown).toContain("        $ printf 'a\\u001b[2J'\n          second  line\n");
  });

  it('says that there is nothing to change', () => {
    const plan = samplePlan();
    const phases = plan.phases.map((phase) => ({
      ...phase,
      steps: phase.steps.map((step) => ({
        ...step,
        predicted: { outcome: 'unchanged', reason: 'is at 1.32.9' } as const,
      })),
    }));
    const shown = renderPlan({ ...plan, phases, findings: [] }, LOOK);
    expect(shown).toContain('\nnothing to change; 35 already done\n');
  });
});
