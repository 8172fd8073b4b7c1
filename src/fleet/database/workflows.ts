import type { GateEnd } from '../../engine/gate-hold.ts';
import type { Dbos } from './packages.ts';
import type { Turn } from './turn.ts';

/** The name under which this program shares DBOS's tables with no other. */
export const APPLICATION = 'runbook';
/**
 * The version of the workflows below: what one began, only the same one continues. It counts up with a change to the
 * order of their steps. What they decide is recorded and not decided again, so that the rest may change freely.
 */
export const WORKFLOWS_VERSION = 'fleet-1';
/** Fleet runs are driven by any worker. */
export const DRIVE_QUEUE = 'fleets';
export const DRIVE = 'drive';
export const PLAN = 'plan-cluster';
/** Messages that have a driver look again. */
export const WAKE = 'wake';
/** `gate`: the stage whose gate is not being asked any more. */
export interface Wake {
  readonly gate?: string;
}
/** Seconds after which a driver looks again in any case. */
const DAY = 86_400;
/** A workflow is recovered as often as its workers die. */
const OFTEN = 1_000_000;

export function siteQueue(site: string): string {
  return `site ${site}`;
}

/** How the attempt of a cluster, or a gate, ended. */
export interface End {
  readonly outcome: 'done' | 'failed';
  readonly reason: string;
}

/** What the workflows have done. Each function may be called again with the same arguments, here or elsewhere. */
export interface Work {
  /** Looks at a fleet run, and keeps what is decided. Milliseconds in `wakeIn`. */
  turn(run: string): Promise<Pick<Turn, 'running' | 'gates' | 'over'> & { readonly wakeIn?: number }>;
  /** Brings the run of a cluster to its end. */
  bringToEnd(run: string, cluster: string, attempt: number): Promise<End>;
  keepEnd(run: string, cluster: string, attempt: number, end: End): Promise<void>;
  /** Asks until the gate has held for its time, or its time is over. */
  askGate(run: string, stage: string): Promise<GateEnd>;
  keepGate(run: string, stage: string, end: GateEnd): Promise<void>;
  /** @returns what the planning came to, as plain data */
  plan(task: unknown): Promise<unknown>;
}

/** Makes the workflows known to DBOS, before it is launched. */
export function registerWorkflows({ DBOS }: typeof Dbos, work: Work): void {
  const config = (name: string) => ({ name, maxRecoveryAttempts: OFTEN });
  const cluster = DBOS.registerWorkflow(
    async (driver: string, run: string, name: string, attempt: number): Promise<void> => {
      const end = await DBOS.runStep(() => work.bringToEnd(run, name, attempt), { name: 'bring-to-end' });
      // Only the worker that has the workflow comes here: the end of another's attempt is not recorded.
      await DBOS.runStep(() => work.keepEnd(run, name, attempt, end), { name: 'keep-end' });
      await DBOS.send<Wake>(driver, {}, WAKE);
    },
    config('cluster'),
  );
  const gate = DBOS.registerWorkflow(async (driver: string, run: string, stage: string): Promise<void> => {
    const end = await DBOS.runStep(() => work.askGate(run, stage), { name: 'ask-gate' });
    await DBOS.runStep(() => work.keepGate(run, stage, end), { name: 'keep-gate' });
    await DBOS.send<Wake>(driver, { gate: stage }, WAKE);
  }, config('gate'));
  DBOS.registerWorkflow(async (run: string, driver: string): Promise<void> => {
    const begun = new Set<string>();
    const asking = new Set<string>();
    for (let asks = 0; ;) {
      const turn = await DBOS.runStep(() => work.turn(run), { name: 'decide' });
      for (const { cluster: name, site, attempt } of turn.running) {
        const workflowID = `${run}/${name}/${attempt}`;
        if (begun.has(workflowID)) continue;
        begun.add(workflowID);
        await DBOS.startWorkflow(cluster, { workflowID, queueName: siteQueue(site) })(driver, run, name, attempt);
      }
      for (const stage of turn.gates) {
        if (asking.has(stage)) continue;
        asking.add(stage);
        asks += 1;
        const workflowID = `${driver}/gate/${asks}`;
        await DBOS.startWorkflow(gate, { workflowID, queueName: DRIVE_QUEUE })(driver, run, stage);
      }
      if (turn.over) return;
      const seconds = Math.min(DAY, Math.max(0.05, (turn.wakeIn ?? Infinity) / 1000));
      const woken = await DBOS.recv<Wake>(WAKE, { timeoutSeconds: seconds });
      if (woken?.gate !== undefined) asking.delete(woken.gate);
    }
  }, config(DRIVE));
  DBOS.registerWorkflow(
    (task: unknown): Promise<unknown> => DBOS.runStep(() => work.plan(task), { name: 'plan' }),
    config(PLAN),
  );
}
