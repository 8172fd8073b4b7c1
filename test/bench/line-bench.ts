// What a durable step costs, held against the goals. Machines differ and are busy: only ratios within one run mean
// something.
import { constants, loadavg } from 'node:os';
import { measureFirstResult } from './first-result.ts';
import { goalsOf, type Figures } from './goals.ts';
import { report } from './report.ts';
import { startRig } from './rig.ts';
import { measureStartUp } from './start-up.ts';
import { measureSteps } from './steps.ts';
import { measureStream } from './stream.ts';

/** Round trips in milliseconds, and how many rounds at each. */
const PLAN = [
  [0, 60],
  [20, 40],
  [100, 20],
] as const;

const unknown = process.argv.slice(2).filter((word) => word !== '--json');
if (unknown.length > 0) {
  console.error(`bench: unknown: ${unknown.join(' ')} (there is --json)`);
  process.exit(2);
}

async function measure(): Promise<Figures> {
  const rig = await startRig();
  const stopped = (signal: NodeJS.Signals): void => {
    void rig.stop().finally(() => process.exit(128 + constants.signals[signal]));
  };
  process.once('SIGINT', stopped).once('SIGTERM', stopped);
  try {
    const steps = await measureSteps(rig, PLAN);
    const first = await measureFirstResult(rig);
    return { steps, first, stream: await measureStream(rig), startUp: await measureStartUp() };
  } finally {
    await rig.stop();
  }
}

const load = [loadavg()[0] ?? 0];
const began = performance.now();
const figures = await measure();
load.push(loadavg()[0] ?? 0);
const goals = goalsOf(figures);
const seconds = (performance.now() - began) / 1000;
if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ ...figures, goals, load, seconds }));
} else {
  for (const line of report(figures, goals)) console.log(line);
  const [before = 0, after = 0] = load;
  console.log(`\nload of the machine ${before.toFixed(1)} before, ${after.toFixed(1)} after; ${seconds.toFixed(0)} s`);
}
