import { constants, readFileSync } from 'node:fs';
import { access, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { RunEvent } from '../event.ts';
import { Failure, messageOf } from '../failure.ts';
import type { JournalRecord } from '../journal/record.ts';
import type { Plan } from '../plan/plan.ts';
import { labelsText } from './prometheus.ts';
import { LAST_SUCCESS, RunMetrics } from './run-metrics.ts';
import type { RunWatcher, Warn } from './watcher.ts';
import { within } from './within.ts';

/** Milliseconds between two writings while there is news, and while there is none. */
const NEWS = 5000;
const NO_NEWS = 15_000;
/** Milliseconds that the last writing may take. */
const LIMIT = 3000;

/** @throws Failure (usage) where the file cannot be written there, before anything is contacted */
export async function requireMetricsFile(file: string): Promise<void> {
  try {
    await access(dirname(file), constants.W_OK | constants.X_OK);
    const found = await stat(file).catch(() => undefined);
    if (found && !found.isFile()) throw new Error('it is not a file');
  } catch (error) {
    throw new Failure('usage', `cannot write the metrics to ${file}: ${messageOf(error)}`, [
      'Give a file in a folder that exists and that you may write, such as the one of node_exporter.',
    ]);
  }
}

/** Keeps a file for node_exporter's textfile collector in line with a run. */
export class MetricsFile implements RunWatcher {
  readonly #file: string;
  readonly #warn: Warn;
  readonly #now: () => number;
  #metrics: RunMetrics | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #writtenAt = 0;
  #hasNews = false;

  constructor(file: string, warn: Warn, now: () => number) {
    this.#file = file;
    this.#warn = warn;
    this.#now = now;
  }

  begin(plan: Plan, history: readonly JournalRecord[]): void {
    const labels = { cluster: plan.inventory.cluster, runbook: plan.runbook.name };
    const metrics = new RunMetrics(plan, lastSuccessIn(this.#file, labels));
    for (const record of history) metrics.add(record);
    this.#metrics = metrics;
    // It keeps no process alive.
    this.#timer = setInterval(() => this.#tick(), 1000).unref();
  }

  record(record: JournalRecord): void {
    this.#metrics?.add(record);
    this.#hasNews = true;
    if (this.#writtenAt === 0) this.#write();
  }

  event(event: RunEvent): void {
    if (event.type !== 'run-finished') return;
    this.#metrics?.end(event.outcome, Date.parse(event.at));
    this.#hasNews = true;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    if (!this.#metrics) return;
    const isWritten = await within(
      LIMIT,
      this.idle().then(() => {
        this.#write();
        return this.#writing;
      }),
    );
    if (!isWritten) this.#warn(`the metrics could not be written to ${this.#file} within ${LIMIT / 1000} s`);
  }

  /** Until what is being written is there. */
  async idle(): Promise<void> {
    await this.#writing;
  }

  #tick(): void {
    const since = this.#now() - this.#writtenAt;
    if (since >= NO_NEWS || (this.#hasNews && since >= NEWS)) this.#write();
  }

  #write(): void {
    if (this.#writing || !this.#metrics) return;
    this.#writtenAt = this.#now();
    this.#hasNews = false;
    this.#writing = replaced(this.#file, this.#metrics.text(this.#writtenAt))
      .catch((error: unknown) => {
        this.#report(error);
      })
      .finally(() => {
        this.#writing = undefined;
      });
  }

  #isReported = false;

  #report(error: unknown): void {
    if (this.#isReported) return;
    this.#isReported = true;
    this.#warn(`the metrics cannot be written to ${this.#file}: ${messageOf(error)}`, ['The run is not affected.']);
  }
}

/**
 * Whole or not at all, as the collector may read it at any time. Others may read it: node_exporter has a user of its
 * own.
 */
async function replaced(file: string, text: string): Promise<void> {
  const temporary = join(dirname(file), `.${basename(file)}.${process.pid}`);
  try {
    await writeFile(temporary, text, { mode: 0o644 });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Of an earlier run of the same runbook on the same cluster. */
function lastSuccessIn(file: string, labels: Readonly<Record<string, string>>): number | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  const start = `${LAST_SUCCESS}${labelsText(labels)} `;
  const line = text.split('\n').find((one) => one.startsWith(start));
  const value = Number(line?.slice(start.length));
  return line !== undefined && Number.isFinite(value) ? value * 1000 : undefined;
}
