// `npm run bench`: compiles the bench with what it measures, and bundles the program, into a folder of its own, so that
// neither a stale dist nor a loader is measured.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bundleProgram } from './bundle.mjs';

mkdirSync('node_modules/.cache', { recursive: true });
// Below the project, for its packages to be found.
const out = mkdtempSync('node_modules/.cache/runbook-bench-');
process.on('SIGINT', () => undefined);
try {
  copyFileSync('package.json', join(out, 'package.json'));
  const tsc = ['--no-install', 'tsc', '-p', 'test/bench/tsconfig.json', '--outDir', out];
  const built = spawnSync('npx', tsc, { stdio: ['ignore', 2, 2] });
  if (built.status !== 0) throw new Error(`tsc ended with ${built.status ?? built.signal}`);
  await bundleProgram(join(out, 'dist'));
  const bench = join(out, 'test/bench/bench.js');
  const { status } = spawnSync(process.execPath, [bench, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}
