import { describe, expect, it } from 'vitest';
import { renderRuns } from '../../src/render/runs.ts';
import { renderStatus } from '../../src/render/status.ts';
import type { StepStatus } from '../../src/render/status.ts';
import { samplePlan, START } from './samples.ts';

const LOOK = { color: false, unicode: true, verbose: false, columns: 80 };
const startedAt = new Date(START).toISOString();

describe('the status of a run', () => {
  const outcomes = new Map<string, StepStatus>();
  for (const phase of samplePlan().phases.slice(0, 3))
    for (const step of phase.steps)
      outcomes.set(`${step.node}/${step.id}`, { outcome: 'changed', attempt: 1, reason: '' });
  outcomes.set('worker-1/4.1-package-repo', { outcome: 'unchanged', attempt: 0, reason: 'v1.32 is configured' });
  outcomes.set('worker-1/4.2-install-packages', { outcome: 'failed', attempt: 2, reason: 'exit status 100' });
  const status = {
    run: 'run-1',
    runbook: 'upgrade-1.32',
    cluster: 'lab',
    state: 'failed',
    startedAt,
    plan: samplePlan(),
    outcomes,
    versions: new Map([['cp-1', 'kubelet 1.32.9']]),
    next: ['runbook resume run-1'],
  };

  it('counts the phases as the plan does, also where some have no part in it', () => {
    const plan = { ...status.plan, phases: status.plan.phases.filter((phase) => phase.number !== 2) };
    const said = renderStatus({ ...status, plan }, LOOK);
    expect(said.match(/Phase \d+\/\d+/g)).toEqual(['Phase 1/4', 'Phase 3/4', 'Phase 4/4']);
  });

  it('is a table of nodes and steps, with the reason where a step failed', () => {
    expect(renderStatus(status, LOOK).replace(/started .*/, 'started AT')).toMatchInlineSnapshot(`
      "upgrade-1.32 on lab: failed
      run run-1, started AT

      Versions
        cp-1  kubelet 1.32.9

      Phase 1/4 First control plane
        1.1-package-repo 1.2-install-packages 1.3-kubeadm-upgrade-apply
        cp-1  ✔ ✔ ✔

      Phase 2/4 Other control planes
        2.1-package-repo 2.2-install-packages 2.3-kubeadm-upgrade-node
        cp-2  ✔ ✔ ✔
        cp-3  ✔ ✔ ✔

      Phase 3/4 Kubelets of the control planes
        3.1-drain 3.2-install-packages 3.3-wait-node-ready 3.4-uncordon
        cp-1  ✔ ✔ ✔ ✔
        cp-2  ✔ ✔ ✔ ✔
        cp-3  ✔ ✔ ✔ ✔

      Phase 4/4 Workers
        4.1-package-repo 4.2-install-packages 4.3-kubeadm-upgrade-node 4.4-drain
        4.5-install-packages 4.6-wait-node-ready 4.7-uncordon
        worker-1  = ✖ · · · · ·  4.2-install-packages failed (attempt 2): exit status
          100
        worker-2  · · · · · · ·

      35 steps on 5 nodes: 21 changed, 1 unchanged, 1 failed, 12 pending
      ✔ changed  = unchanged  ○ skipped  ✖ failed  ? unknown  ▶ running  · pending

      next:
        runbook resume run-1
      "
    `);
  });

  it('has a line per step when verbose', () => {
    const text = renderStatus(status, { ...LOOK, verbose: true });
    expect(text).toContain('    ✖ 4.2-install-packages  failed (attempt 2): exit status 100');
    expect(text).toContain('    · 4.3-kubeadm-upgrade-node  pending');
  });

  it('lists runs as a table', () => {
    const row = {
      run: 'run-1',
      runbook: 'upgrade-1.32',
      cluster: 'lab',
      state: 'failed',
      startedAt,
      done: 3,
      steps: 35,
      nodes: ['cp-1', 'cp-2'],
    };
    const text = renderRuns([row, { ...row, run: 'a-longer-run-2', state: 'done' }], LOOK);
    expect(text.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'AT')).toMatchInlineSnapshot(`
      "RUN             STATE   STEPS  STARTED              RUNBOOK       CLUSTER  NODES
      run-1           failed  3/35   AT  upgrade-1.32  lab      cp-1, cp-2
      a-longer-run-2  done    3/35   AT  upgrade-1.32  lab      cp-1, cp-2
      "
    `);
  });
});
