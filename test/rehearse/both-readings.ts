import type { ClusterFactId, NodeFactId } from '../../src/facts/facts.ts';
import { readClusterFacts, readNodeFacts } from '../../src/facts/read.ts';
import { clusterFacts, nodeFacts } from '../../src/facts/registry.ts';
import { runScript } from '../../src/lab/run-script.ts';
import type { QuickTwin } from '../../src/rehearse/quick-twin.ts';
import { minors } from './twins.ts';

const nodeIds = Object.keys(nodeFacts) as NodeFactId[];
const clusterIds = Object.keys(clusterFacts) as ClusterFactId[];
export const kubeconfig = '/etc/kubernetes/admin.conf';

/** All facts of a twin, by its shortcuts and by scripts at the same moment. */
export async function bothReadings(twin: QuickTwin): Promise<readonly [unknown, unknown]> {
  const { world, time, known, recall } = twin;
  const readings: [Record<string, unknown>, Record<string, unknown>] = [{}, {}];
  for (const machine of world.machines) {
    const options = { host: machine.alias, kubeconfig, minors };
    const run = (script: string) => runScript(machine, script);
    const ids = nodeIds.filter((id) => id !== 'clock');
    const each = async (scripts: readonly string[]) => {
      const printed = [];
      for (const script of scripts) printed.push(await recall(machine, script));
      return printed;
    };
    // Twice: what is known the second time is as it was.
    await time.run(readNodeFacts(run, ids, { ...options, probeEach: each }));
    readings[0][machine.name] = await time.run(readNodeFacts(run, ids, { ...options, probeEach: each }));
    readings[1][machine.name] = await time.run(readNodeFacts(run, ids, options));
  }
  const [plane] = world.machines;
  if (!plane) throw new Error('no machine');
  const run = (script: string) => runScript(plane, script);
  const options = { host: plane.name, kubeconfig };
  // At rest: what takes time does not change what is read.
  readings[0]['cluster'] = await time.run(readClusterFacts(run, clusterIds, { ...options, known }));
  readings[1]['cluster'] = await time.run(readClusterFacts(run, clusterIds, options));
  return readings.map((reading) => JSON.parse(withoutMoments(reading)) as unknown) as [unknown, unknown];
}

/** What moves on while facts are read. */
function withoutMoments(reading: unknown): string {
  return JSON.stringify(reading, (name, value: unknown) =>
    name === 'now' || name === 'expires' || name === 'renewTime' || name === 'heartbeat' || name === 'raftIndex'
      ? undefined
      : value,
  );
}
