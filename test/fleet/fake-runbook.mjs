/**
 * Stands in for the program as a process of its own: keeps runs in the state folder as it does, without a cluster.
 * Words: FOLDER, then those of the command. FOLDER/answers.json says what each call does, one after the other;
 * FOLDER/calls has a line for each.
 */
import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, readdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';

const [folder, ...words] = process.argv.slice(2);
const option = (name) => words[words.indexOf(name) + 1];
const state = option('--state-dir');
const digest = option('--plan-digest');
const calls = join(folder, 'calls');
const number = existsSync(calls) ? readFileSync(calls, 'utf8').trimEnd().split('\n').length : 0;
appendFileSync(
  calls,
  `${JSON.stringify({ words: words.slice(0, words.indexOf('--plan-digest')), pid: process.pid })}\n`,
);
const answer = JSON.parse(readFileSync(join(folder, 'answers.json'), 'utf8'))[number] ?? 'no-answer';

const emit = (event) => {
  const { type, ...rest } = event;
  process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), type, ...rest })}\n`);
};
const runOf = (id) => join(state, 'runs', id);

function record(run, body) {
  const file = join(runOf(run), 'journal.jsonl');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  const last = lines.length === 0 ? '' : JSON.parse(lines.at(-1)).hash;
  const text = JSON.stringify({ v: 3, seq: lines.length + 1, at: new Date().toISOString(), ...body });
  const hash = createHash('sha256').update(`${last}\n${text}`).digest('hex');
  appendFileSync(file, `${text.slice(0, -1)},"hash":"${hash}"}\n`);
}

const me = { host: hostname(), pid: process.pid, user: userInfo().username };

function begin() {
  if (words[0] === 'resume' && words[1] !== '-i') {
    record(words[1], { type: 'run-resumed', epoch: number + 1, holder: me });
    return words[1];
  }
  const run = `20260101-000000-fake-${randomBytes(4).toString('hex')}`;
  mkdirSync(runOf(run), { recursive: true });
  writeFileSync(join(runOf(run), 'plan.json'), readFileSync(join(folder, 'plan.json')));
  record(run, { type: 'run-started', run, plan: digest, epoch: 1, holder: me });
  return run;
}

function lock(run) {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const pidStart = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  mkdirSync(join(state, 'locks'), { recursive: true });
  const cluster = JSON.parse(readFileSync(join(folder, 'plan.json'), 'utf8')).inventory.cluster;
  const file = join(state, 'locks', `${cluster}.json`);
  const startedAt = new Date().toISOString();
  const holder = { version: 1, id: 'aaaaaaaa', run, runbook: 'fake', cluster, ...me, pidStart, bootId, startedAt };
  writeFileSync(file, JSON.stringify(holder));
  return () => unlinkSync(file);
}

function start() {
  const run = begin();
  emit({ type: 'run-started', run });
  return run;
}

function end(run, outcome, reason, code) {
  record(
    run,
    outcome === 'done'
      ? { type: 'run-finished' }
      : { type: 'run-stopped', reason, ...(outcome === 'paused' && { paused: true }) },
  );
  emit({ type: 'run-finished', run, outcome, ...(reason && { reason }) });
  process.exitCode = code;
}

const fail = (code, text) => {
  emit({ type: 'message', level: 'error', text, detail: [] });
  process.exitCode = code;
};

/** Holds the lock until FOLDER/go is there, or it is interrupted. */
function hold() {
  const run = start();
  let free = () => undefined;
  const timer = setInterval(() => {
    if (!existsSync(join(folder, 'go'))) return;
    clearInterval(timer);
    end(run, 'done', '', 0);
    free();
  }, 10);
  process.once('SIGINT', () => {
    clearInterval(timer);
    end(run, 'stopped', 'interrupted', 130);
    free();
  });
  // Whoever sees the lock may interrupt it.
  free = lock(run);
}

const answers = {
  done: () => end(start(), 'done', '', 0),
  fails: () => {
    const run = start();
    emit({ type: 'step-finished', outcome: 'failed', node: 'n1', step: '1.1-a', reason: 'exited with 1' });
    end(run, 'failed', '', 1);
  },
  dies: () => {
    start();
    process.kill(process.pid, 'SIGKILL');
  },
  'dies-done': () => {
    end(start(), 'done', '', 0);
    process.kill(process.pid, 'SIGKILL');
  },
  pauses: () => end(start(), 'paused', 'the window closes', 0),
  holds: hold,
  locked: () => fail(4, 'the cluster is locked by ann@desk'),
  'killed-before': () => fail(1, 'an apply of fake on prod ended before its run began'),
  unreachable: () => fail(5, 'cannot read what the nodes keep of the run'),
  refuses: () => fail(3, 'the nodes have moved since the plan was made'),
  'nothing-on-nodes': () => emit({ type: 'nothing-to-resume', state: 'none', reason: 'no unfinished run' }),
  'done-on-nodes': () => emit({ type: 'nothing-to-resume', state: 'done', reason: 'run x is done' }),
  'begun-by-another': () => {
    // As its own process, a moment before.
    begin();
    fail(1, 'run x is not finished');
  },
  'no-answer': () =>
    fail(99, `no answer for call ${number}: ${words.join(' ')}, runs: ${readdirSync(state).join(' ')}`),
};
answers[answer]();
