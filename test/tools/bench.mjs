// `npm run bench`: this program and others at the same job; with `--line` first, the parts of one step over one line.
// Compiles the bench with what it measures, and bundles the program, into a folder of its own, so that neither a stale
// dist nor a loader is measured.
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
  const words = process.argv.slice(2);
  const isOfLine = words[0] === '--line';
  const bench = join(out, 'test/bench', isOfLine ? 'line-bench.js' : 'bench.js');
  const { status } = spawnSync(process.execPath, [bench, ...words.slice(isOfLine ? 1 : 0)], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}
