// What `npm test` runs: the static checks, then the tests. The last line is always `N passed, N failed, N skipped`.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CHECKS = [
  ['build', 'npm', ['run', '--silent', 'build']],
  ['typecheck', 'npm', ['run', '--silent', 'typecheck']],
  ['lint', 'npm', ['run', '--silent', 'lint']],
  ['format', 'npm', ['run', '--silent', 'format:check']],
];

const inCi = !['', '0', 'false', undefined].includes(process.env.CI);
const counts = { passed: 0, failed: 0, skipped: 0 };
const skipped = [];
const failed = [];
let running;

function finish(error) {
  if (error) {
    console.log(`the test run broke: ${error.stack ?? error}`);
    counts.failed++;
  }
  for (const name of failed) console.log(`failed: ${name}`);
  for (const name of skipped) console.log(`skipped: ${name}`);
  const missing = inCi && counts.skipped > 0;
  if (missing) console.log('tests were skipped: in CI none may be');
  process.exitCode = counts.failed > 0 || counts.passed === 0 || missing ? 1 : 0;
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
}

/** Streams a program's output; resolves with its exit code (null: a signal ended it). */
function run(command, args, env = {}) {
  return new Promise((resolve, reject) => {
    running = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } });
    running.once('error', reject);
    running.once('exit', resolve);
  });
}

async function check([name, command, args]) {
  console.log(`--- ${name}`);
  const code = await run(command, args);
  counts[code === 0 ? 'passed' : 'failed']++;
  if (code !== 0) failed.push(`${name} (exit ${code})`);
}

async function vitest(filters) {
  console.log('--- tests');
  const dir = mkdtempSync(join(tmpdir(), 'runbook-test-'));
  const report = join(dir, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const code = await run('npx', [
      '--no-install',
      'vitest',
      'run',
      '--config',
      'test/vitest.config.ts',
      ...reporters,
      ...filters,
    ]);
    const before = counts.failed;
    count(JSON.parse(readFileSync(report, 'utf8')));
    // An error outside any test (a rejection nobody handled) fails vitest without failing a test.
    if (code !== 0 && counts.failed === before) {
      counts.failed++;
      failed.push(`vitest (exit ${code})`);
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function count({ testResults }) {
  for (const file of testResults) {
    if (file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed')) {
      counts.failed++;
      failed.push(`${file.name}: ${file.message}`);
    }
    for (const { status, fullName } of file.assertionResults) {
      if (status === 'passed') counts.passed++;
      else if (status === 'failed') counts.failed++;
      else counts.skipped++;
      if (status === 'failed') failed.push(fullName);
      else if (status !== 'passed') skipped.push(fullName);
    }
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    running?.kill('SIGTERM');
    finish(new Error(`stopped by ${signal}`));
    process.exit();
  });
}

try {
  const filters = process.argv.slice(2);
  // With a filter only those tests are of interest.
  if (filters.length === 0) for (const item of CHECKS) await check(item);
  await vitest(filters);
  finish();
} catch (error) {
  finish(error);
}
