import type { ClientBase, Pool } from 'pg';
import { Failure } from '../../failure.ts';
import type { FleetRequest } from '../book.ts';
import type { FleetNews } from '../record.ts';
import { type Dbos, loadDbos } from './packages.ts';
import { inTransaction } from './pool.ts';
import { changeRun, type DatabaseFleetStore, insertRun, type NewRun, type View } from './database-store.ts';
import { DBOS_SCHEMA, hasTable, SCHEMA } from './tables.ts';
import { APPLICATION, DRIVE, DRIVE_QUEUE, PLAN, siteQueue, type Wake, WAKE, WORKFLOWS_VERSION } from './workflows.ts';

type Client = Awaited<ReturnType<(typeof Dbos)['DBOSClient']['create']>>;

/** What operators do with fleet runs in a database: workers do the rest. */
export class Operator {
  readonly #pool: Pool;
  readonly #store: DatabaseFleetStore;
  readonly #client: Client;

  private constructor(pool: Pool, store: DatabaseFleetStore, client: Client) {
    this.#pool = pool;
    this.#store = store;
    this.#client = client;
  }

  /** @throws Failure (unreachable) where no worker has ever used the database: it is a worker that makes DBOS's tables */
  static async open(pool: Pool, store: DatabaseFleetStore): Promise<Operator> {
    if (!(await hasTable(pool, DBOS_SCHEMA, 'workflow_status')))
      throw new Failure('unreachable', 'no worker has used this database yet', [
        'Start one for each site: runbook fleet worker --site NAME --inventories DIR --database ...',
      ]);
    const { DBOSClient } = await loadDbos();
    const client = await DBOSClient.create({
      systemDatabaseUrl: 'postgres://runbook@pool.invalid/runbook',
      systemDatabasePool: pool,
      systemDatabaseSchemaName: DBOS_SCHEMA,
      applicationName: APPLICATION,
      logger: { info: quiet, debug: quiet, warn: quiet, error: quiet },
    });
    return new Operator(pool, store, client);
  }

  /** Gives a run to the workers. @param news what it begins with */
  async start(run: Omit<NewRun, 'workflow'>, news: readonly FleetNews[]): Promise<void> {
    await inTransaction(this.#pool, async (client) => {
      await insertRun(client, { ...run, workflow: run.run });
      await changeRun(client, run.run, () => ({ news, result: undefined }));
      await this.#drive(client, run.run, run.run);
    });
  }

  /**
   * Continues a run that is over.
   * @param decide what it continues with; empty: it does not
   */
  async resume(run: string, decide: (view: View) => readonly FleetNews[]): Promise<boolean> {
    return inTransaction(this.#pool, async (client) => {
      const before = await this.#store.driverOf(client, run);
      const count = await changeRun(client, run, (view) => {
        const news = decide(view);
        return { news, result: news.length };
      });
      if (count === 0) return false;
      const [, part = '1'] = /#(\d+)$/.exec(before) ?? [];
      const workflow = `${run}#${Number(part) + 1}`;
      await client.query(`UPDATE ${SCHEMA}.runs SET workflow = $2, cancelled = false WHERE run = $1`, [run, workflow]);
      await this.#drive(client, workflow, run);
      return true;
    });
  }

  /** Resolves once the request is kept; whatever drives the run takes it. */
  async request(run: string, request: FleetRequest): Promise<void> {
    await inTransaction(this.#pool, async (client) => {
      const driver = await this.#store.driverOf(client, run);
      await client.query(`INSERT INTO ${SCHEMA}.requests (run, request) VALUES ($1, $2)`, [
        run,
        JSON.stringify(request),
      ]);
      await this.#client.sendInTransaction<Wake>(client, driver, {}, WAKE);
    });
  }

  /** Has a worker of a site make the plan of a cluster. @returns what that came to */
  async plan(site: string, task: unknown): Promise<unknown> {
    const handle = await this.#client.enqueue<(task: unknown) => Promise<unknown>>(
      { queueName: siteQueue(site), workflowName: PLAN, appVersion: WORKFLOWS_VERSION },
      task,
    );
    return handle.getResult({ pollingIntervalMs: 500 });
  }

  async close(): Promise<void> {
    await this.#client.destroy();
  }

  async #drive(client: ClientBase, workflowID: string, run: string): Promise<void> {
    await this.#client.enqueueInTransaction<(run: string, driver: string) => Promise<void>>(
      client,
      { queueName: DRIVE_QUEUE, workflowName: DRIVE, workflowID, appVersion: WORKFLOWS_VERSION },
      run,
      workflowID,
    );
  }
}

function quiet(): void {
  // DBOS's own messages are of interest to its developers alone.
}
