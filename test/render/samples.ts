import type { NewEvent, RunEvent } from '../../src/event.ts';
import type { Plan, PlanPhase, PlanStep } from '../../src/plan/plan.ts';

export const START = Date.parse('2026-01-05T10:00:00.000Z');

/** Puts times on events, `step` milliseconds apart. */
export function timed(events: readonly NewEvent[], step = 1000): RunEvent[] {
  return events.map((event, index) => ({ ...event, at: new Date(START + index * step).toISOString() }));
}

interface Sketch {
  readonly slug: string;
  readonly title: string;
  readonly commands: (node: string) => readonly string[];
  readonly predicted?: PlanStep['predicted'];
}

const REPO: Sketch = {
  slug: 'package-repo',
  title: 'Point the package source at v1.32',
  commands: () => ['sed -i s,v1.31,v1.32, /etc/apt/sources.list.d/kubernetes.list', 'apt-get update'],
};
const KUBEADM: Sketch = {
  slug: 'install-packages',
  title: 'Install kubeadm 1.32.9',
  commands: () => ['apt-mark unhold kubeadm', 'apt-get install -y kubeadm=1.32.9-1.1', 'apt-mark hold kubeadm'],
};
const APPLY: Sketch = {
  slug: 'kubeadm-upgrade-apply',
  title: 'Upgrade the control plane to 1.32.9',
  commands: () => ['kubeadm upgrade apply v1.32.9 --yes'],
};
const NODE: Sketch = {
  slug: 'kubeadm-upgrade-node',
  title: 'Upgrade the node configuration',
  commands: () => ['kubeadm upgrade node'],
};
const DRAIN: Sketch = {
  slug: 'drain',
  title: 'Drain the node',
  commands: (node) => [`kubectl drain ${node} --ignore-daemonsets --timeout=600s`],
};
const KUBELET: Sketch = {
  slug: 'install-packages',
  title: 'Install kubelet and kubectl 1.32.9',
  commands: () => ['apt-get install -y kubelet=1.32.9-1.1 kubectl=1.32.9-1.1', 'systemctl restart kubelet'],
};
const UNCORDON: Sketch = {
  slug: 'uncordon',
  title: 'Let pods onto the node again',
  commands: (node) => [`kubectl uncordon ${node}`],
};
const READY: Sketch = {
  slug: 'wait-node-ready',
  title: 'Wait until the node is Ready',
  commands: (node) => [`kubectl get node ${node}`],
  predicted: { outcome: 'read', reason: 'asks until the Node object is Ready' },
};

function phase(number: number, name: string, nodes: readonly string[], sketches: readonly Sketch[]): PlanPhase {
  return {
    number,
    name,
    batches: nodes.map((node) => [node]),
    maxFailures: 0,
    steps: nodes.flatMap((node) =>
      sketches.map(({ slug, title, commands, predicted }, index): PlanStep => ({
        id: `${number}.${index + 1}-${slug}`,
        node,
        title,
        action: slug,
        with: { version: '1.32.9' },
        place: slug === 'drain' || slug === 'uncordon' ? 'kubectl' : 'node',
        effect: predicted ? 'none' : 'once',
        timeout: 600_000,
        onTimeout: slug.startsWith('kubeadm') ? 'leave' : 'kill',
        retries: 0,
        env: {},
        commands: commands(node),
        script: `set -eu\n${commands(node).join('\n')}\n`,
        predicted: predicted ?? { outcome: 'change', reason: `${slug} is at 1.31.9, 1.32.9 is asked for` },
      })),
    ),
  };
}

export const CONTROL_PLANES = ['cp-1', 'cp-2', 'cp-3'];

/** A plan like that of a cluster of 3 control planes and `workers` workers. */
export function samplePlan(workers = 2): Plan {
  const workerNames = Array.from({ length: workers }, (_, index) => `worker-${index + 1}`);
  const names = [...CONTROL_PLANES, ...workerNames];
  return {
    version: 1,
    createdAt: new Date(START).toISOString(),
    digest: 'd'.repeat(64),
    runbook: { name: 'upgrade-1.32', file: 'runbooks/upgrade-1.32.yaml', digest: 'r'.repeat(64), text: 'name: x\n' },
    inventory: { file: 'inventory.yaml', digest: 'i'.repeat(64), cluster: 'lab' },
    inputs: { version: '1.32.9', force: false },
    factsDigest: 'f'.repeat(64),
    nodes: names.map((name, index) => ({
      name,
      host: `10.0.0.${index + 11}`,
      role: name.startsWith('cp') ? 'control-plane' : 'worker',
      before: { unschedulable: false, held: ['kubeadm', 'kubelet'] },
    })),
    phases: [
      phase(1, 'First control plane', ['cp-1'], [REPO, KUBEADM, APPLY]),
      phase(2, 'Other control planes', ['cp-2', 'cp-3'], [REPO, KUBEADM, NODE]),
      phase(3, 'Kubelets of the control planes', CONTROL_PLANES, [DRAIN, KUBELET, READY, UNCORDON]),
      phase(4, 'Workers', workerNames, [REPO, KUBEADM, NODE, DRAIN, KUBELET, READY, UNCORDON]),
    ],
    findings: [
      {
        guard: 'version-skew',
        severity: 'refuse',
        node: 'cp-1',
        step: '1.3-kubeadm-upgrade-apply',
        summary: '1.31.9 to 1.33.4 skips a minor',
        remedy: 'upgrade to 1.32 first: --set version=1.32.9',
        source: 'Kubernetes version skew policy',
      },
      {
        guard: 'repository-offers',
        severity: 'note',
        summary: '1.32.10 is offered too',
        remedy: '',
        source: 'package repository',
      },
    ],
  };
}

/** One event of every type, in an order that could occur. */
export function sampleEvents(): RunEvent[] {
  const drain = { step: '4.4-drain', node: 'worker-1', title: 'Drain the node' };
  return timed([
    {
      type: 'diagnostic',
      diagnostic: {
        severity: 'error',
        code: 'unknown-key',
        summary: 'unknown key "stepz"',
        detail: 'did you mean "steps"?',
        span: { file: 'r.yaml', line: 7, column: 3, endLine: 7, endColumn: 8, text: '  stepz: []' },
      },
    },
    { type: 'connecting', nodes: ['cp-1', 'worker-1'] },
    { type: 'connected', node: 'cp-1' },
    { type: 'facts', nodes: ['cp-1', 'worker-1'] },
    { type: 'finding', finding: { ...finding, node: 'worker-1', step: '4.4-drain' } },
    {
      type: 'step-planned',
      ...drain,
      phase: 4,
      outcome: 'change',
      reason: 'pods run there',
      commands: ['kubectl drain worker-1'],
    },
    {
      type: 'planned',
      runbook: 'upgrade-1.32',
      cluster: 'lab',
      digest: 'd'.repeat(64),
      nodes: ['cp-1', 'worker-1'],
      steps: 9,
      changes: 7,
    },
    {
      type: 'rehearsed',
      rehearsed: 'moved',
      rehearsedAt: '2026-01-05T08:00:00.000Z',
      outcome: 'failed',
      where: 'worker-1 4.4-drain',
    },
    {
      type: 'run-started',
      run: '20260105-100000-ab12',
      runbook: 'upgrade-1.32',
      cluster: 'lab',
      resumed: false,
      nodes: ['cp-1', 'worker-1'],
      steps: 9,
      done: 0,
    },
    { type: 'phase-skipped', phase: 2, phases: 4, name: 'Other control planes', reason: 'none of the nodes is in it' },
    { type: 'phase-started', phase: 4, phases: 4, name: 'Workers', nodes: ['worker-1'] },
    { type: 'step-started', ...drain, attempt: 1, commands: ['kubectl drain worker-1'], reattached: false },
    { type: 'step-output', ...drain, stream: 'stdout', text: 'evicting pod demo/a\nwaiting\nwaiting\n' },
    { type: 'step-output', ...drain, stream: 'stderr', text: 'waiting\n\u001b[2Jerror: \u0007timed out\n' },
    { type: 'step-progress', ...drain, message: 'waiting for 1 pod' },
    { type: 'connection-lost', node: 'worker-1', reason: 'read ECONNRESET' },
    { type: 'reconnected', node: 'worker-1' },
    { type: 'step-retry', ...drain, attempt: 2, reason: 'exit status 1' },
    {
      type: 'step-finished',
      ...drain,
      outcome: 'failed',
      reason: 'exit status 1',
      duration: 3000,
      tail: ['evicting pod demo/a', 'error: timed out'],
      known: [
        { id: 'drain-timeout', meaning: 'The drain did not end in time', remedy: '`kubectl get pods` shows why.' },
      ],
      log: '.runbook/runs/x/logs/worker-1/4.4-drain.1.log',
    },
    { type: 'stopping', reason: 'worker-1 failed' },
    { type: 'phase-finished', phase: 4, name: 'Workers' },
    {
      type: 'run-finished',
      run: '20260105-100000-ab12',
      outcome: 'failed',
      counts: { changed: 0, unchanged: 0, skipped: 0, failed: 1, unknown: 0 },
      duration: 65_000,
      nodes: [
        { node: 'worker-1', counts: { changed: 0, unchanged: 0, skipped: 0, failed: 1, unknown: 0 }, notDone: true },
      ],
      next: ['runbook resume 20260105-100000-ab12'],
    },
    { type: 'message', level: 'warning', text: 'the runbook was edited', detail: ['the frozen plan is followed'] },
    { type: 'waiting', phase: 4, message: 'pausing for 5m before worker-1' },
    {
      type: 'nothing-to-resume',
      run: '20260104-090000-ab12',
      state: 'done',
      reason: 'run 20260104-090000-ab12 is done',
    },
  ]);
}

const finding = {
  guard: 'pods',
  severity: 'warn',
  summary: '1 pod has no controller',
  remedy: 'move it',
  source: 'promise 9',
} as const;
