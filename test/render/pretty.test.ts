import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { NewEvent } from '../../src/event.ts';
import { createRenderer } from '../../src/render/create-renderer.ts';
import type { Renderer } from '../../src/render/renderer.ts';
import { sampleEvents, START } from './samples.ts';
import { Sink, Terminal } from './terminal.ts';

describe('the pretty renderer', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: START });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('shows the current phase, a waiting node, and the running step with its time and the end of its output', async () => {
    const { terminal, emit, renderer } = await start(80, 24);
    phase(emit, ['worker-1', 'worker-2']);
    begin(emit, 'worker-1');
    output(emit, 'worker-1', 'one\ntwo\nthree\nfour\nfive\nsix\n');
    vi.advanceTimersByTime(12_000);
    const screen = terminal.screen.join('\n');
    expect(screen).toContain('Phase 4/4 Workers');
    expect(screen).toMatch(/worker-1 {2}12s {2}Drain the node/);
    expect(screen).toContain('· worker-2');
    expect(screen).toContain('│ six');
    expect(screen).not.toContain('│ one');
    vi.advanceTimersByTime(2000);
    expect(terminal.screen.join('\n')).toContain('worker-1  14s');
    await renderer.close();
  });

  it('shows what a drain waits for by name, however narrow, with its time and its limit', async () => {
    const { terminal, emit, renderer } = await start(80, 24);
    phase(emit, ['worker-1']);
    const begun = { ...STEP, node: 'worker-1', attempt: 1, commands: [], reattached: false, limit: 330_000 };
    emit({ type: 'step-started', ...begun });
    const holder = 'PodDisruptionBudget demo/web (allows 0 now: 2 of 3 pods healthy, 2 needed)';
    const message = `held: ${holder} holds demo/web-7d9c5b8f6-x2x4q, demo/web-7d9c5b8f6-z8k2p; kubectl asks again every 5 s`;
    emit({ type: 'step-progress', ...STEP, node: 'worker-1', message });
    vi.advanceTimersByTime(42_000);
    await expect(`${terminal.screen.join('\n').trimEnd()}\n`).toMatchFileSnapshot('screens/drain-80x24.txt');
    terminal.resize(200, 60);
    vi.advanceTimersByTime(1000);
    await expect(`${terminal.screen.join('\n').trimEnd()}\n`).toMatchFileSnapshot('screens/drain-200x60.txt');
    await renderer.close();
  });

  it('shows a hundred nodes in a terminal of 80x24, resized to 200x60 and back, without remnants', async () => {
    const { terminal, emit, renderer } = await start(80, 24);
    const names = Array.from({ length: 100 }, (_, index) => `worker-${index + 1}`);
    phase(emit, names);
    for (const name of names.slice(0, 20)) begin(emit, name);
    for (const name of names.slice(0, 10)) end(emit, name, 'changed');
    for (const name of names.slice(10, 20)) output(emit, name, `evicting pod demo/${name}-web\n`);
    for (const [columns, rows] of [
      [80, 24],
      [200, 60],
      [80, 24],
    ] as const) {
      if (columns !== terminal.columns) terminal.resize(columns, rows);
      vi.advanceTimersByTime(1000);
      const screen = terminal.screen
        .join('\n')
        .trimEnd()
        .replaceAll(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/g, '⠋')
        .replaceAll(/\d+s(?= {2}Drain)/g, 'TIME');
      await expect(`${screen}\n`).toMatchFileSnapshot(`screens/hundred-${columns}x${rows}.txt`);
    }
    await renderer.close();
  });

  it('shows a line that comes 190 times once, with its count', async () => {
    const { terminal, emit, renderer } = await start(80, 24);
    phase(emit, ['cp-1']);
    begin(emit, 'cp-1');
    for (let time = 0; time < 190; time += 1) output(emit, 'cp-1', 'Static pod: kube-apiserver hash: 3f\n');
    vi.advanceTimersByTime(100);
    expect(terminal.screen.filter((line) => line.includes('Static pod'))).toEqual([
      '      │ Static pod: kube-apiserver hash: 3f ×190',
    ]);
    await renderer.close();
  });

  it('keeps a finished node and a finished phase as one line each', async () => {
    const { terminal, emit, renderer } = await start(80, 24);
    phase(emit, ['worker-1', 'worker-2']);
    begin(emit, 'worker-1');
    end(emit, 'worker-1', 'changed');
    begin(emit, 'worker-2');
    vi.advanceTimersByTime(100);
    expect(terminal.screen.join('\n')).toContain('✔ worker-1  1 changed  3.0s');
    end(emit, 'worker-2', 'unchanged');
    emit({ type: 'phase-finished', phase: 4, name: 'Workers' });
    expect(terminal.screen.join('\n').trim()).toBe('✔ 4/4 Workers  worker-1, worker-2: 1 changed, 1 unchanged, 0.1s');
    await renderer.close();
  });

  it('stays within 24 rows and loses no line that stays, with 300 nodes of which 40 are at work', async () => {
    const { terminal, emit, renderer } = await start(80, 24);
    const names = Array.from({ length: 300 }, (_, index) => `worker-${index + 1}`);
    phase(emit, names);
    for (const name of names.slice(0, 80)) begin(emit, name);
    for (const name of names.slice(0, 40)) end(emit, name, 'changed');
    for (let tick = 0; tick < 30; tick += 1) {
      emit({ type: 'connection-lost', node: names[tick] ?? '', reason: `loss ${tick}` });
      output(emit, names[50] ?? '', `${'a wide line 日本語 '.repeat(9)}${tick}\n`);
      vi.advanceTimersByTime(250);
      expect(terminal.screen.length).toBeLessThanOrEqual(24);
    }
    const screen = terminal.screen.join('\n');
    expect(screen).toContain('40 done: worker-1, worker-2');
    expect(screen).toContain('220 to come: worker-81');
    expect(screen).toMatch(/\d+ more nodes at work/);
    await renderer.close();
    expect(terminal.all.filter((line) => line.includes('connection lost')).length).toBe(30);
    expect(terminal.all.filter((line) => line.includes('Phase 4/4'))).toEqual([]);
  });

  it('gives up output and ended steps first when the terminal is low, and survives one of a single row', async () => {
    const { terminal, emit, renderer } = await start(40, 4);
    phase(emit, ['cp-1', 'cp-2']);
    begin(emit, 'cp-1');
    output(emit, 'cp-1', 'one\ntwo\n');
    vi.advanceTimersByTime(100);
    expect(terminal.screen.map((line) => line.slice(0, 9))).toEqual(['Phase 4/4', '  ⠋ cp-1 ', '  · cp-2', '']);
    terminal.resize(40, 1);
    vi.advanceTimersByTime(1000);
    terminal.resize(2, 24);
    vi.advanceTimersByTime(1000);
    await renderer.close();
  });

  it('draws nothing that moves on a terminal of one row', async () => {
    const { terminal, emit, renderer } = await start(80, 1);
    emit({ type: 'connecting', nodes: ['cp-1'] });
    vi.advanceTimersByTime(1000);
    expect(terminal.all).toEqual(['']);
    await renderer.close();
  });

  it('leaves no remnants on the screen when the terminal becomes narrower and wider', async () => {
    const { terminal, emit, renderer } = await start(80, 24);
    phase(emit, ['cp-1', 'cp-2']);
    begin(emit, 'cp-1');
    output(emit, 'cp-1', `${'words of output '.repeat(8)}\n`);
    vi.advanceTimersByTime(100);
    terminal.resize(30, 24);
    vi.advanceTimersByTime(100);
    terminal.resize(100, 24);
    vi.advanceTimersByTime(100);
    expect(terminal.screen.filter((line) => line.includes('Phase 4/4'))).toHaveLength(1);
    await renderer.close();
    expect(terminal.all.join('')).toBe('');
  });

  it('keeps every line that stays, however often the terminal becomes narrower and wider', async () => {
    const { terminal, emit, renderer } = await start(80, 24);
    for (let line = 1; line <= 5; line += 1) emit({ type: 'message', level: 'info', text: `line ${line}`, detail: [] });
    phase(emit, ['cp-1', 'cp-2']);
    begin(emit, 'cp-1');
    output(emit, 'cp-1', `${'words of output '.repeat(8)}\n`);
    for (const columns of [50, 30, 70, 30, 100, 25, 80, 40, 120]) {
      vi.advanceTimersByTime(100);
      terminal.resize(columns, 24);
    }
    await renderer.close();
    expect(terminal.all.filter((line) => line !== '')).toEqual(['line 1', 'line 2', 'line 3', 'line 4', 'line 5']);
  });

  it('takes a terminal that says it has no columns and no rows for one of 80x24', async () => {
    const terminal = new Terminal(80, 24);
    const renderer = await renderTo(unsized(terminal), terminal);
    for (const event of sampleEvents()) {
      renderer.render(event);
      vi.advanceTimersByTime(300);
    }
    await renderer.close();
    expect(terminal.text).toContain('Phase 4/4 Workers');
    expect(terminal.all.join('\n')).toContain('✖ worker-1 4.4-drain Drain the node: failed after 3.0s: exit status 1');
  });

  it('shows after a resume what had ended before: of a phase, of its nodes', async () => {
    const { terminal, emit, renderer } = await start(80, 24);
    const ended = (node: string, changed: number, open: number) => ({
      node,
      counts: { ...NONE, changed },
      duration: 4000,
      open,
    });
    emit({ ...PHASE, phase: 3, name: 'Kubelets', nodes: ['cp-1'], before: [ended('cp-1', 4, 0)] });
    emit({ type: 'phase-finished', phase: 3, name: 'Kubelets' });
    expect(terminal.all.join('\n').trim()).toBe('✔ 3/4 Kubelets  cp-1: 4 changed, before the resume');
    emit({ ...PHASE, nodes: ['w-1', 'w-2', 'w-3'], before: [ended('w-1', 7, 0), ended('w-2', 2, 5)] });
    begin(emit, 'w-3');
    vi.advanceTimersByTime(100);
    expect(terminal.screen.join('\n')).toContain('  ✔ w-1  7 changed  4.0s\n  · w-2\n');
    end(emit, 'w-3', 'changed');
    emit({ type: 'phase-finished', phase: 4, name: 'Workers' });
    expect(terminal.all.join('\n')).toContain('✔ 4/4 Workers  w-1, w-2, w-3: 10 changed (9 before the resume), 0.1s');
    await renderer.close();
  });

  it('shows the node before as done while a phase waits for the next one', async () => {
    const { terminal, emit, renderer } = await start(80, 24);
    phase(emit, ['w-1', 'w-2']);
    begin(emit, 'w-1');
    end(emit, 'w-1', 'changed');
    emit({ type: 'waiting', phase: 4, message: 'the gate' });
    vi.advanceTimersByTime(100);
    expect(terminal.screen.join('\n')).toContain('waiting: the gate\n  ✔ w-1  1 changed  3.0s\n  · w-2');
    await renderer.close();
  });

  it('names a phase that is skipped, and a node that is left out, which is not done', async () => {
    const { terminal, emit, renderer } = await start(80, 24);
    emit({ type: 'phase-skipped', phase: 3, phases: 4, name: 'Last hop', reason: 'if: hop.last is false' });
    phase(emit, ['w-1', 'w-2']);
    begin(emit, 'w-1');
    emit({
      ...STEP,
      type: 'step-finished',
      node: 'w-1',
      outcome: 'skipped',
      reason: 'a budget',
      duration: 9,
      leavesOut: true,
    });
    begin(emit, 'w-2');
    vi.advanceTimersByTime(100);
    expect(terminal.screen.join('\n')).toContain('  ▲ w-1  left out: a budget\n');
    end(emit, 'w-2', 'changed');
    emit({ type: 'phase-finished', phase: 4, name: 'Workers' });
    const text = terminal.all.join('\n');
    expect(text).toContain('○ 3/4 Last hop: skipped, if: hop.last is false');
    expect(text).toContain('▲ 4/4 Workers  w-1, w-2: 1 changed, 1 skipped, 0.1s  left out: w-1');
    await renderer.close();
  });

  it('sums the whole run up: its time over resumes, what is left running and stays cordoned', async () => {
    const { terminal, emit, renderer } = await start(100, 24);
    emit({
      type: 'run-finished',
      run: 'r',
      outcome: 'stopped',
      counts: { ...NONE, changed: 3 },
      duration: 65_000,
      resumed: 2,
      startedAt: new Date(START).toISOString(),
      nodes: ['cp-1', 'w-1', 'w-2'].map((node) => ({ node, counts: { ...NONE, changed: 1 } })),
      leftRunning: [
        { host: 'cp-1', node: 'w-1', ...STEP },
        { host: 'local', node: 'w-2', step: '4.1-tell', title: 'Tell' },
      ],
      cordoned: [
        { node: 'w-1', before: false },
        { node: 'w-2', before: true },
      ],
      next: ['runbook resume r'],
    });
    await renderer.close();
    expect(
      terminal.all
        .join('\n')
        .trim()
        .replace(/began [-0-9]+ [:0-9]+/, 'began AT'),
    ).toMatchInlineSnapshot(`
      "▲ run stopped in 1m05s (resumed 2 times, began AT): 3 changed
          changed on: cp-1, w-1, w-2
          left running on cp-1: 4.4-drain Drain the node of w-1 (it continues there; resume follows it)
          left running on this machine: 4.1-tell of w-2 (it continues there; resume follows it)
          stays cordoned: w-1
          stays cordoned, as before the run: w-2
          next:
            runbook resume r"
    `);
  });

  it('never lets output move the cursor', async () => {
    const { terminal, emit, renderer } = await start(80, 24);
    phase(emit, ['cp-1']);
    begin(emit, 'cp-1');
    output(emit, 'cp-1', '\u001b[2J\u001b[5Aevil\u0007 \u009b3Atext\u202e\b\n10%\r20%\r\n');
    vi.advanceTimersByTime(100);
    expect(terminal.screen.join('\n')).toMatch(/│ evil.*text\n {6}│ 20%/);
    await renderer.close();
  });

  it('shows a failure with node, step, output, log and the command that goes on, and the summary below', async () => {
    const { terminal, renderer } = await start(80, 24);
    for (const event of sampleEvents()) renderer.render(event);
    await renderer.close();
    const text = terminal.all.join('\n');
    expect(text).toContain('✖ worker-1 4.4-drain Drain the node: failed after 3.0s: exit status 1');
    expect(text).toContain('│ error: timed out');
    expect(text).toContain('whole output: .runbook/runs/x/logs/worker-1/4.4-drain.1.log');
    expect(text).toContain('runbook resume 20260105-100000-ab12');
    expect(text).toContain('✖ upgrade-1.32 failed in 1m05s: 1 failed');
    expect(text).toContain('▲ worker-1: connection lost: read ECONNRESET');
    expect(text).toContain('▲ worker-1: Drain the node: attempt 2 follows: exit status 1');
  });

  it('keeps a line of the phase in which a run stopped', async () => {
    const { terminal, emit, renderer } = await start(80, 24);
    phase(emit, ['cp-1']);
    begin(emit, 'cp-1');
    end(emit, 'cp-1', 'changed');
    const counts = { changed: 1, unchanged: 0, skipped: 0, failed: 0, unknown: 0 };
    emit({ type: 'run-finished', run: 'r', outcome: 'stopped', counts, duration: 3000, next: ['runbook resume r'] });
    await renderer.close();
    expect(terminal.all.join('\n')).toContain('4/4 Workers  cp-1: 1 changed');
    expect(terminal.all.join('\n')).toContain('runbook resume r');
  });

  it('writes problems to stderr too where that is no terminal', async () => {
    const terminal = new Terminal(80, 24);
    const stderr = new Sink();
    const renderer = await renderTo(terminal, stderr);
    for (const event of sampleEvents()) renderer.render(event);
    await renderer.close();
    expect(stderr.text).toContain('✖ worker-1 4.4-drain');
    expect(stderr.text).not.toContain('\u001b');
    expect(terminal.all.join('\n')).toContain('✖ worker-1 4.4-drain');
  });

  it('hides the cursor while something moves and shows it after a close in the middle of a step', async () => {
    const { terminal, emit, renderer } = await start(80, 24);
    const before = process.listenerCount('exit');
    phase(emit, ['cp-1']);
    begin(emit, 'cp-1');
    expect(terminal.cursorShown).toBe(false);
    await renderer.close();
    await renderer.close();
    expect(terminal.cursorShown).toBe(true);
    expect(terminal.screen.join('')).toBe('');
    expect(terminal.listeners('resize')).toBe(0);
    expect(process.listenerCount('exit')).toBe(before);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('draws nothing while a prompt has the screen, and shows afterwards what came meanwhile', async () => {
    const { terminal, emit, renderer } = await start(80, 24);
    emit({ type: 'connecting', nodes: ['cp-1'] });
    expect(terminal.screen.join('')).toContain('connecting: 0 of 1 node');
    renderer.pause();
    expect(terminal.cursorShown).toBe(true);
    const { length } = terminal.text;
    emit({ type: 'message', level: 'info', text: 'hello', detail: [] });
    vi.advanceTimersByTime(3000);
    expect(terminal.text.length).toBe(length);
    renderer.resume();
    expect(terminal.all.join('\n')).toContain('hello');
    await renderer.close();
  });

  it('listens to no signal: stopping a run is the business of the engine', async () => {
    const before = process.listenerCount('SIGINT');
    const { emit, renderer } = await start(80, 24);
    phase(emit, ['cp-1']);
    expect(process.listenerCount('SIGINT')).toBe(before);
    await renderer.close();
  });

  it('uses ASCII symbols only where the locale is not UTF-8', async () => {
    const terminal = new Terminal(80, 24);
    const renderer = await renderTo(terminal, terminal, false);
    for (const event of sampleEvents()) {
      renderer.render(event);
      vi.advanceTimersByTime(300);
    }
    await renderer.close();
    expect(terminal.text).toMatch(/^[\u0000-\u007f]*$/);
  });
});

const NONE = { changed: 0, unchanged: 0, skipped: 0, failed: 0, unknown: 0 };
const PHASE = { type: 'phase-started', phase: 4, phases: 4, name: 'Workers' } as const;

/** Node says so of a pseudo-terminal whose size no one has set. */
function unsized(terminal: Terminal): Sink {
  return new Proxy<Sink>(terminal, {
    get: (stream, key) => {
      if (key === 'columns' || key === 'rows') return 0;
      const value: unknown = Reflect.get(stream, key, stream);
      return typeof value === 'function' ? value.bind(stream) : value;
    },
  });
}

type Emit = (event: NewEvent) => void;

async function start(columns: number, rows: number): Promise<{ terminal: Terminal; renderer: Renderer; emit: Emit }> {
  const terminal = new Terminal(columns, rows);
  const renderer = await renderTo(terminal, terminal);
  return {
    terminal,
    renderer,
    emit: (event) => renderer.render({ ...event, at: new Date(Date.now()).toISOString() }),
  };
}

function renderTo(stdout: Sink, stderr: Sink, unicode = true): Promise<Renderer> {
  return createRenderer({ output: 'pretty', stdout, stderr, color: true, unicode, verbose: false, now: Date.now });
}

const STEP = { step: '4.4-drain', title: 'Drain the node' };

function phase(emit: Emit, nodes: readonly string[]): void {
  emit({ ...PHASE, nodes });
}

function begin(emit: Emit, node: string): void {
  emit({ type: 'step-started', ...STEP, node, attempt: 1, commands: [], reattached: false });
}

function output(emit: Emit, node: string, text: string): void {
  emit({ type: 'step-output', ...STEP, node, stream: 'stdout', text });
}

function end(emit: Emit, node: string, outcome: 'changed' | 'unchanged'): void {
  emit({ type: 'step-finished', ...STEP, node, outcome, reason: 'it is so', duration: 3000 });
}
