// `npm run bench`: one job by this program and by others. Machines differ and are busy: only ratios within one run mean
// something. With `--smoke` only what a busy machine does not change: it ends with 1 where a limit is passed.
import { parseArgs } from 'node:util';
import { compare, tableOf, type Wanted } from './compare.ts';
import { limitsOf } from './limits.ts';
import { PEERS } from './peers.ts';

const { values } = parseArgs({
  options: {
    peers: { type: 'string' },
    nodes: { type: 'string', default: '5' },
    steps: { type: 'string', default: '12' },
    rtt: { type: 'string', default: '0,20,100' },
    runs: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
    smoke: { type: 'boolean', default: false },
  },
});
const names = values.smoke ? ['runbook', 'openssh-mux'] : values.peers?.split(',');
const unknown = names?.filter((name) => !PEERS.some((peer) => peer.name === name)) ?? [];
if (unknown.length > 0) {
  console.error(`bench: no such peer: ${unknown.join(', ')} (there are ${PEERS.map(({ name }) => name).join(', ')})`);
  process.exit(2);
}
const wanted: Wanted = {
  peers: PEERS.filter(({ name }) => names?.includes(name) ?? true),
  nodes: values.smoke ? 1 : Number(values.nodes),
  steps: Number(values.steps),
  roundTrips: values.smoke ? [0] : values.rtt.split(',').map(Number),
  runs: values.smoke ? 1 : Number(values.runs),
};
const comparison = await compare(wanted);
if (values.json) console.log(JSON.stringify(comparison));
else for (const line of tableOf(comparison, wanted)) console.log(line);
if (values.smoke) {
  for (const { what, measured, limit } of limitsOf(comparison.rows)) {
    console.log(`${measured <= limit ? 'holds ' : 'MISSED'} ${what}: ${measured.toFixed(1)} (limit: ${limit})`);
    if (measured > limit) process.exitCode = 1;
  }
}
