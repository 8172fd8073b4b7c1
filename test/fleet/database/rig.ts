import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { FleetRequest } from '../../../src/fleet/book.ts';
import { DatabaseBook } from '../../../src/fleet/database/book.ts';
import { Operator } from '../../../src/fleet/database/operator.ts';
import { type PlanResult, planResultSchema } from '../../../src/fleet/database/planning.ts';
import type { Database } from '../../../src/fleet/database/pool.ts';
import { DatabaseFleetStore } from '../../../src/fleet/database/database-store.ts';
import { requireTables } from '../../../src/fleet/database/tables.ts';
import { type FleetCluster, type FleetPlan, type FleetStage, signedFleetPlan } from '../../../src/fleet/plan.ts';
import type { Lab } from '../../../src/lab/lab.ts';
import { openLab } from '../../commands/open-lab.ts';
import { NEVER, until } from '../../eventually.ts';
import { openOf } from '../../postgres/database.ts';
import type { Postgres } from '../../postgres/postgres.ts';
import { cluster } from '../plans.ts';

const CLI = new URL('../../../dist/cli.js', import.meta.url).pathname;
export const BY = { user: 'ops', host: 'laptop' };

/** A simulated cluster of a site, with its inventory in the folder of that site. */
export interface Place {
  readonly name: string;
  readonly site: string;
  readonly lab: Lab;
}

/** One control plane and one worker. @param folder of all inventories of its site */
export async function openPlace(name: string, site: string, folder: string, workers = 1): Promise<Place> {
  const { lab, inventory } = await openLab({ controlPlanes: 1, workers, timeScale: 20 });
  const text = readFileSync(inventory, 'utf8').replace(/^cluster: .*$/m, `cluster: prod-${name}`);
  mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, name, 'inventory.yaml'), text);
  return { name, site, lab };
}

export interface WorkerOptions {
  readonly site: string;
  readonly inventories: string;
  readonly stateDir: string;
  /** Of a proxy. */
  readonly port?: number;
}

/** A worker as a process of its own, in a process group of its own; it ends with the test at the latest. */
export function startWorker(postgres: Postgres, { site, inventories, stateDir, port }: WorkerOptions): Worker {
  const own = ['--site', site, '--inventories', inventories, '--state-dir', stateDir, '--heartbeat', '500ms', '-v'];
  const child = spawn(process.execPath, [CLI, 'fleet', 'worker', ...own], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      NO_COLOR: '1',
      RUNBOOK_DATABASE: postgres.url(port),
      PGPASSWORD: postgres.password,
      // Each command of a cluster is a process: they are many here.
      NODE_OPTIONS: '--max-semi-space-size=1',
    },
  });
  const worker = new Worker(child);
  onTestFinished(() => worker.kill());
  return worker;
}

export class Worker {
  readonly #child: ChildProcess;
  log = '';

  constructor(child: ChildProcess) {
    this.#child = child;
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (this.log += text));
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** As its machine would lose power, but for the processes that it has started. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** As systemd stops it. @returns its exit code */
  async stop(): Promise<number | null> {
    await this.#end('SIGTERM');
    return this.#child.exitCode;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (!this.isAlive) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    await ended;
  }

  async ready(): Promise<void> {
    await until(() => this.log.includes('is ready') || !this.isAlive, { known: () => this.log });
    if (!this.isAlive) throw new Error(`the worker ended: ${this.log}`);
  }
}

/** What operators have, without a state folder. */
export class Console {
  readonly database: Database;
  readonly store: DatabaseFleetStore;
  readonly operator: Operator;
  readonly book: DatabaseBook;

  private constructor(database: Database, operator: Operator) {
    this.database = database;
    this.store = new DatabaseFleetStore(database.pool);
    this.operator = operator;
    this.book = new DatabaseBook(database.pool, operator);
  }

  static async open(postgres: Postgres): Promise<Console> {
    const database = await openOf(postgres);
    await requireTables(database.pool);
    const operator = await Operator.open(database.pool, new DatabaseFleetStore(database.pool));
    onTestFinished(async () => {
      await operator.close();
      await database.close();
    });
    return new Console(database, operator);
  }

  /** Has a worker of its site plan a cluster. */
  async planned({ name, site }: Place, runbook: string, set: readonly string[] = []): Promise<PlanResult> {
    const task = {
      cluster: `prod-${name}`,
      runbook: { file: 'upgrade.yaml', text: readFileSync(runbook, 'utf8') },
      set: [...set],
      override: [],
    };
    return planResultSchema.parse(await this.operator.plan(site, task));
  }

  /** Starts a fleet run over clusters that were planned. */
  async start(run: string, stages: readonly FleetStage[], clusters: readonly FleetCluster[]): Promise<FleetPlan> {
    const plan = signedFleetPlan({
      createdAt: '2026-01-01T00:00:00.000Z',
      fleet: { name: 'prod', file: 'fleet.yaml', digest: 'b'.repeat(64) },
      runbook: { name: 'upgrade', file: 'upgrade.yaml', digest: 'c'.repeat(64) },
      inputs: {},
      clusters: [...clusters],
      stages: [...stages],
    });
    await this.operator.start({ run, plan, plans: [], approve: [] }, [
      { type: 'fleet-started', run, plan: plan.digest, by: BY },
    ]);
    return plan;
  }

  async records(run: string): Promise<readonly string[]> {
    const { records } = await this.book.read(run);
    return records.map((record) =>
      [
        record.type,
        'cluster' in record ? record.cluster : 'stage' in record ? record.stage : '',
        'outcome' in record ? `${record.outcome}${record.reason === '' ? '' : `: ${record.reason}`}` : '',
      ]
        .filter((word) => word !== '')
        .join(' '),
    );
  }

  request(run: string, request: FleetRequest): Promise<void> {
    return this.book.request(run, request);
  }

  async ended(run: string, log: () => string = () => '', limit = NEVER): Promise<readonly string[]> {
    let last: readonly string[] = [];
    const hasEnded = async () => {
      last = await this.records(run).catch(() => last);
      return last.some((one) => one.startsWith('fleet-ended'));
    };
    await until(hasEnded, { limit, known: () => `${last.join('\n')}\n${log()}` });
    return last;
  }
}

/** A cluster of a fleet plan, from its frozen plan. */
export function clusterOf({ name, site }: Place, { digest }: PlanResult): FleetCluster {
  if (digest === undefined) throw new Error(`${name} has no plan`);
  return cluster(name, { site, plan: digest, inventory: `/elsewhere/${name}.yaml` });
}
