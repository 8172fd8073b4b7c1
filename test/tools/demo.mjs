// `npm run demo`: a simulated cluster of 3 control planes and 2 workers at 1.31.9, upgraded to 1.32 as a user would
// do it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'runbook-demo-'));
const lab = join(folder, 'lab');

function runbook(...args) {
  console.log(`\n$ runbook ${args.join(' ')}`);
  const { status, signal } = spawnSync(process.execPath, ['dist/cli.js', ...args], { stdio: 'inherit' });
  if (status !== 0) console.error(`ended with ${status ?? signal}`);
  return status ?? 1;
}

const inventory = ['-i', join(lab, 'inventory.yaml')];
const state = ['--state-dir', join(folder, 'state')];
let status = runbook(
  'lab',
  'up',
  '--dir',
  lab,
  '--control-planes',
  '3',
  '--workers',
  '2',
  '--kubernetes',
  '1.31.9',
  '--time-scale',
  '5',
);
if (status === 0) {
  status = runbook('apply', 'upgrade-1.32.yaml', ...inventory, ...state, '--yes');
  if (status === 0) status = runbook('status', ...state);
  if (status === 0) status = runbook('lab', 'state', '--dir', lab);
}
const down = runbook('lab', 'down', '--dir', lab);
rmSync(folder, { recursive: true, force: true });
process.exitCode = status || down;
