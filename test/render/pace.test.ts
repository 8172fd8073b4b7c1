import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { NewEvent } from '../../src/event.ts';
import { createRenderer } from '../../src/render/create-renderer.ts';
import { renderPlan } from '../../src/render/plan.ts';
import { samplePlan, START } from './samples.ts';
import { Terminal } from './terminal.ts';

const reason = 'worker-2 would take about 12 min (as the longest node of this phase so far)';

test('a plan shows its window, and before the nodes of a phase its pause and its gate', () => {
  const plan = samplePlan();
  const ask = {
    kind: 'http',
    url: 'https://prometheus/api/v1/query?query=up',
    method: 'GET',
    headers: {},
    secretHeaders: { Authorization: 'Bearer ${{ inputs.token }}' },
    condition: 'size(json.data.result) == 0',
  } as const;
  const gate = { ask, for: 120_000, every: 15_000, timeout: 1_800_000 };
  const [first, ...more] = plan.phases;
  const script = 'kubectl get nodes\nexit 1\n';
  const byRun = { ...gate, for: 0, ask: { kind: 'run', script, place: 'control-plane' } } as const;
  const phases = [
    ...(first ? [{ ...first, pause: 300_000, gate }] : []),
    ...more.map((phase) => ({ ...phase, gate: byRun })),
  ];
  const window = { days: ['sat'], from: '22:00', to: '05:00', timezone: 'Europe/Berlin' } as const;
  const look = { color: false, unicode: true, verbose: false, columns: 100 };
  const text = renderPlan({ ...plan, window: { ...window, days: [...window.days] }, phases }, look);
  expect(text).toContain('  window     sat 22:00 to 05:00 (Europe/Berlin)\n');
  expect(text).toContain(`
  pause of 5m after each batch that did something
  gate before each batch: must hold for 2m; asked every 15s, for 30m at most
    GET https://prometheus/api/v1/query?query=up with Authorization
    until size(json.data.result) == 0
`);
  expect(text).toContain(`
  gate before each batch: must hold; on a control plane, asked every 15s, for 30m at most
    $ kubectl get nodes
      exit 1
`);
});

describe('on a terminal', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: START });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('the phase says what it waits for until the next step, and the summary why the run is paused', async () => {
    const terminal = new Terminal(80, 24);
    const look = { output: 'pretty', color: false, unicode: true, verbose: false } as const;
    const renderer = await createRenderer({ ...look, stdout: terminal, stderr: terminal, now: Date.now });
    const screenAfter = (event: NewEvent) => {
      renderer.render({ ...event, at: new Date(Date.now()).toISOString() });
      vi.advanceTimersByTime(100);
      return terminal.screen.join('\n');
    };
    const nodes = ['worker-1', 'worker-2'];
    screenAfter({ type: 'phase-started', phase: 4, phases: 4, name: 'Workers', nodes });
    const message = 'the gate before worker-1 does not hold: status 503';
    expect(screenAfter({ type: 'waiting', phase: 4, message })).toContain(`waiting: ${message}`);
    const step = { step: '4.1-drain', node: 'worker-1', title: 'drain' };
    const begun = screenAfter({ type: 'step-started', ...step, attempt: 1, commands: [], reattached: false });
    expect(begun).not.toContain('the gate before');
    const counts = { changed: 1, unchanged: 0, skipped: 0, failed: 0, unknown: 0 };
    const end = {
      run: 'r-1',
      outcome: 'paused',
      counts,
      duration: 1000,
      reason,
      next: ['runbook resume r-1'],
    } as const;
    const ended = screenAfter({ type: 'run-finished', ...end });
    expect(ended).toMatch(/paused in 1\.0s/);
    expect(ended).toContain(reason);
    await renderer.close();
  });
});
