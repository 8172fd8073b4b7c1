// `npm test`, `npm run test:e2e` and `npm run test:system`: the tests of one tier or more; with the quick tier, first
// the static checks. The last line is always `N passed, N failed, N skipped`.
// Usage: test.mjs --tier quick|e2e|system [--tier ...] [FILTER...]
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs, stripVTControlCharacters } from 'node:util';

/** Each is a project of test/vitest.config.ts. */
const TIERS = ['quick', 'e2e', 'system'];
const CHECKS = ['typecheck', 'lint', 'format:check'];

const inCi = !['', '0', 'false', undefined].includes(process.env.CI);
const counts = { passed: 0, failed: 0, skipped: 0 };
const failed = [];
const skipped = [];
const running = new Set();

function tally(status, name) {
  counts[status]++;
  if (status === 'failed') failed.push(name);
  if (status === 'skipped') skipped.push(name);
}

function finish(error) {
  if (error) tally('failed', `the test run itself: ${error.stack ?? error}`);
  for (const name of failed) console.log(`failed: ${name}`);
  for (const name of skipped) console.log(`skipped: ${name}`);
  const missing = inCi && counts.skipped > 0;
  if (missing) console.log('in CI no test may be skipped');
  process.exitCode = counts.failed > 0 || counts.passed === 0 || missing ? 1 : 0;
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
}

/** Streams a program's output; resolves with its exit code (null: a signal ended it). */
function run(command, args, env = process.env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'inherit', 'inherit'] });
    running.add(child);
    child.once('error', reject);
    child.once('exit', (code) => {
      running.delete(child);
      resolve(code);
    });
  });
}

async function script(name) {
  console.log(`--- ${name}`);
  const code = await run('npm', ['run', '--silent', name]);
  tally(code === 0 ? 'passed' : 'failed', `${name} (exit ${code})`);
}

async function vitest(tier, filters) {
  console.log(`--- ${tier} tests`);
  const dir = mkdtempSync(join(tmpdir(), 'runbook-report-'));
  // All that the tests make is in here, short as paths of sockets are. Another user's shell may look for its files.
  const temporary = mkdtempSync(join(tmpdir(), 'rb-'));
  chmodSync(temporary, 0o755);
  const report = join(dir, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const vitest = ['--no-install', 'vitest', 'run', '--config', 'test/vitest.config.ts', '--project', tier];
    // The program's cache of what is compiled is to outlive it.
    const env = { ...process.env, TMPDIR: temporary, NODE_DISABLE_COMPILE_CACHE: '1' };
    const code = await run('npx', [...vitest, ...reporters, ...filters], env);
    const before = counts.failed;
    count(JSON.parse(readFileSync(report, 'utf8')));
    // An error outside any test (a rejection that nothing handles) fails vitest but no test.
    if (code !== 0 && counts.failed === before) tally('failed', `vitest, ${tier} tests (exit ${code})`);
    await nothingIsLeft(temporary);
  } finally {
    for (const { pid } of processesOf(temporary)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    }
    for (const folder of [dir, temporary]) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** What a test leaves takes the time of all that come later, and hides what the program leaves. */
async function nothingIsLeft(temporary) {
  for (let tries = 0; processesOf(temporary).length > 0 && tries < 100; tries += 1) await setTimeout(100);
  for (const { pid, line } of processesOf(temporary)) tally('failed', `a test left process ${pid}: ${line}`);
  for (const name of readdirSync(temporary)) tally('failed', `a test left ${name} in its temporary folder`);
}

/** Processes that name this folder in their arguments or environment; none where there is no /proc. */
function processesOf(folder) {
  const read = (pid, file) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'utf8');
    } catch {
      return ''; // It has ended, or is another user's.
    }
  };
  let pids = [];
  try {
    pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
  return pids
    .map((pid) => ({ pid: Number(pid), line: read(pid, 'cmdline').replaceAll('\0', ' ').trim() }))
    .filter(({ pid, line }) => line.includes(folder) || read(pid, 'environ').includes(folder));
}

function count({ testResults }) {
  for (const { name, status, message, assertionResults } of testResults) {
    const file = relative('.', name);
    if (status === 'failed' && !assertionResults.some((test) => test.status === 'failed'))
      tally('failed', `${file}: ${message}`);
    for (const test of assertionResults) {
      const failure = stripVTControlCharacters(test.failureMessages.join('\n')).split('\n');
      const own = failure.filter((line) => line.trim() !== '' && !line.includes('/node_modules/')).slice(0, 20);
      const name = [`${file}: ${test.fullName}`, ...own].join('\n  ');
      tally(['passed', 'failed'].includes(test.status) ? test.status : 'skipped', name);
    }
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    for (const child of running) child.kill('SIGTERM');
    finish(new Error(`stopped by ${signal}`));
    process.exit();
  });
}

try {
  const options = { tier: { type: 'string', multiple: true, default: ['quick'] } };
  const { values, positionals: filters } = parseArgs({ options, allowPositionals: true });
  const unknown = values.tier.filter((tier) => !TIERS.includes(tier));
  if (unknown.length > 0) throw new Error(`no tier ${unknown.join(', ')}: there are ${TIERS.join(', ')}`);
  // Tests start the built program.
  await script('build');
  // With a filter only those tests are of interest.
  if (values.tier.includes('quick') && filters.length === 0) await Promise.all(CHECKS.map(script));
  for (const tier of values.tier) await vitest(tier, filters);
  finish();
} catch (error) {
  finish(error);
}
