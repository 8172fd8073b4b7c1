// `npm run chaos`: every crash point of an upgrade. `-- --point K` replays one, `-- --points N [--seed S]` tries a
// sample.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { point: { type: 'string' }, points: { type: 'string', default: 'all' }, seed: { type: 'string' } },
});
const env = { ...process.env, CHAOS_POINTS: values.points };
if (values.point !== undefined) env.CHAOS_POINT = values.point;
if (values.seed !== undefined) env.CHAOS_SEED = values.seed;
const vitest = [
  '--no-install',
  'vitest',
  'run',
  '--config',
  'test/vitest.config.ts',
  '--project',
  'e2e',
  'test/chaos/chaos-',
];
const { status } = spawnSync('npx', vitest, { stdio: 'inherit', env });
process.exitCode = status ?? 1;
