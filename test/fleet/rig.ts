import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { realClock } from '../../src/engine/clock.ts';
import type { ClusterTask } from '../../src/fleet/attempt-command.ts';
import { ClusterRunner, type RunnerHooks } from '../../src/fleet/runner.ts';
import { makeFolderSync } from '../../src/make-folder.ts';
import type { PlanWindow } from '../../src/plan/pace.ts';
import { planDigest } from '../../src/plan/plan.ts';
import { planOf, step } from '../engine/bench.ts';

const FAKE = new URL('fake-runbook.mjs', import.meta.url).pathname;

/** A folder that is gone after the test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'fleet-test-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** A frozen plan of one node. */
export function frozenPlan(window?: PlanWindow) {
  const draft = planOf(['n1'], [step('n1', '1.1-a')]);
  const digests = { runbook: { ...draft.runbook, digest: 'd'.repeat(64) }, factsDigest: 'f'.repeat(64) };
  const inventory = { ...draft.inventory, digest: 'd'.repeat(64) };
  const unsigned = { ...draft, ...digests, inventory, digest: 'd'.repeat(64), ...(window && { window }) };
  return { ...unsigned, digest: planDigest(unsigned) };
}

export interface Call {
  readonly words: readonly string[];
  readonly pid: number;
}

/** One cluster whose program does what the answers say, call by call. */
export class Rig {
  readonly dir: string;
  readonly plan: ReturnType<typeof frozenPlan>;
  readonly stop = new AbortController();
  readonly leave = new AbortController();
  readonly runs: string[] = [];
  readonly waits: string[] = [];

  /** @param before the same cluster, after its driver is gone */
  constructor(answers: readonly string[], window?: PlanWindow, before?: Rig) {
    this.plan = before?.plan ?? frozenPlan(window);
    this.dir = before?.dir ?? folder();
    if (before) return;
    writeFileSync(join(this.dir, 'plan.json'), `${JSON.stringify(this.plan, null, 1)}\n`);
    this.answer(answers);
    makeFolderSync(this.stateDir);
    onTestFinished(() => {
      for (const { pid } of this.calls()) endIfAlive(pid);
    });
  }

  /** The same cluster, for another driver. */
  again(): Rig {
    return new Rig([], undefined, this);
  }

  get stateDir(): string {
    return join(this.dir, 'state');
  }

  answer(answers: readonly string[]): void {
    writeFileSync(join(this.dir, 'answers.json'), JSON.stringify(answers));
  }

  /** Whether a process holds the lock of the cluster. */
  isHeld(): boolean {
    return existsSync(join(this.stateDir, 'locks', `${this.plan.inventory.cluster}.json`));
  }

  /** Lets a process that holds go on. */
  go(): void {
    writeFileSync(join(this.dir, 'go'), '');
  }

  calls(): readonly Call[] {
    const file = join(this.dir, 'calls');
    if (!existsSync(file)) return [];
    return readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line): Call => JSON.parse(line));
  }

  /** The words of each call, without those that all have; the id of a run is `RUN`, paths are left out. */
  commands(): readonly string[] {
    return this.calls().map(({ words }) =>
      words
        .join(' ')
        .replaceAll(`${this.dir}/`, '')
        .replace(/20260101-000000-fake-[0-9a-f]{8}/, 'RUN'),
    );
  }

  /** @param clock other than that on the wall */
  run(task: Partial<ClusterTask> = {}, clock = realClock) {
    const options = { program: [process.execPath, FAKE, this.dir], stateDir: this.stateDir, clock, every: 20 };
    const { cluster } = this.plan.inventory;
    const hooks: RunnerHooks = {
      stop: this.stop.signal,
      leave: this.leave.signal,
      onRun: (run) => this.runs.push(run),
      onWait: (text) => {
        if (text !== '' && this.waits.at(-1) !== text) this.waits.push(text);
      },
    };
    return new ClusterRunner(options).bringToEnd(
      {
        cluster: { name: 'eu1', cluster, inventory: join(this.dir, 'inventory.yaml'), plan: this.plan.digest },
        plan: join(this.dir, 'plan.json'),
        attempt: 1,
        folder: join(this.dir, 'out'),
        elsewhere: false,
        approve: [],
        ...task,
      },
      hooks,
    );
  }
}

function endIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
