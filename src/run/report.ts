import type { RunStore, RunSummary } from '../journal/store.ts';
import type { RunReport } from '../render/report-data.ts';
import { localZone } from '../time-zone.ts';
import { type KeptOutput, listOutput } from './kept-output.ts';
import { attemptKey, buildReport } from './report/build.ts';
import { outputIn, type OutputText } from './report/outputs.ts';
import { firstFacts, lastFacts, lifeOfRun } from './summary.ts';
import { wantedRun } from './wanted-run.ts';

/**
 * The report of a run, from what the state folder has of it: no node is asked.
 * @param id undefined: the latest run that is not finished, else the latest
 * @throws Failure (usage) where there is no such run
 */
export async function readReport(store: RunStore, id: string | undefined, now: number): Promise<RunReport> {
  const run = await wantedRun(store, id);
  const [records, life, before, after, outputs] = await Promise.all([
    store.records(run.folder.id),
    lifeOfRun(store, run),
    firstFacts(run),
    lastFacts(run),
    readOutputs(run),
  ]);
  return buildReport({
    run,
    records,
    life,
    ...(before && { before }),
    ...(after && { after }),
    outputs,
    now,
    zone: localZone(),
  });
}

/** Files that are read at once. */
const AT_ONCE = 32;

async function readOutputs(run: RunSummary): Promise<Map<string, OutputText>> {
  const outputs = new Map<string, OutputText>();
  const files = await listOutput(run, undefined, undefined).catch((): KeptOutput[] => []);
  for (let at = 0; at < files.length; at += AT_ONCE) {
    const part = files.slice(at, at + AT_ONCE);
    await Promise.all(
      part.map(async ({ node, step, attempt, path }) => {
        const output = await outputIn(path);
        if (output) outputs.set(attemptKey(node, step, attempt), output);
      }),
    );
  }
  return outputs;
}
