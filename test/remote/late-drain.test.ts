import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AttemptState, RemoteNode } from '../../src/remote/attempt.ts';
import { openRemoteNode } from '../../src/remote/client.ts';
import { Collected, spec } from './collect.ts';
import { LocalSession } from './local-session.ts';
import { found, pathWith } from './shells.ts';
import { eventually } from '../eventually.ts';

/** On a node with no time to spare, what moves the output into its files runs long after the script has ended. */
function lateDrain(interpreter: string): void {
  let folder: string;
  let bin: string;
  let session: LocalSession;
  let node: RemoteNode;
  const file = (name: string): string => join(folder, name);
  // What waits for a file to go ends with the folder at the latest.
  const release = (name: 'held' | 'open'): void => rmSync(file(name), { force: true });

  /** Puts a `cat` into PATH that does `first` before it reads. */
  function delayCat(first: string): void {
    const real = interpreter.endsWith('/busybox') ? `${interpreter} cat` : (found('cat') ?? '');
    rmSync(join(bin, 'cat'), { force: true });
    writeFileSync(join(bin, 'cat'), `#!/bin/sh\n${first}\nexec ${real} "$@"\n`, { mode: 0o755 });
  }

  const waits = (): string => `while [ -e ${file('held')} ]; do echo >>${file('polls')}; sleep 0.05; done`;

  /** Settles when the script has ended and its drains have looked at their file many more times. */
  async function starved(): Promise<void> {
    await eventually(() => expect(existsSync(file('over'))).toBe(true));
    const polls = (): number => (existsSync(file('polls')) ? readFileSync(file('polls')).length : 0);
    const before = polls();
    await eventually(() => expect(polls()).toBeGreaterThan(before + 40));
  }

  /** Runs a script whose drains start only when the script is long over. */
  async function run(script: string, sink: Collected, maxOutput = 64 * 1024 * 1024): Promise<AttemptState> {
    delayCat(waits());
    let early = false;
    const started = node.start(spec('1-a.1', `${script}\necho >${file('over')}`, { maxOutput }), sink);
    const settled = started.then(
      () => (early = existsSync(file('held'))),
      () => undefined,
    );
    await starved();
    release('held');
    await settled;
    expect(early).toBe(false);
    return started;
  }

  async function followed(): Promise<Collected> {
    const sink = new Collected();
    await node.follow('r1', '1-a.1', { stdout: 0, stderr: 0 }, sink);
    return sink;
  }

  /** A child that has the output open until the end of the test, and does that again and again. */
  const child = (what: string): string => `(while [ -e ${file('open')} ]; do ${what}; sleep 0.05; done) &`;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'runbook-remote-'));
    for (const name of ['held', 'open']) writeFileSync(file(name), '');
    const path = pathWith(interpreter, folder);
    bin = join(folder, 'bin');
    session = new LocalSession(path);
    node = await openRemoteNode(session, { root: file('root') });
  });

  afterEach(async () => {
    release('held');
    release('open');
    await node.close();
    await session.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  });

  it('keeps what the script wrote when the reader waits for a file', async () => {
    const sink = new Collected();
    expect(await run('echo first; echo second >&2', sink)).toEqual({ kind: 'exited', code: 0 });
    expect([sink.text, sink.err.toString('utf8')]).toEqual(['first\n', 'second\n']);
  });

  it('keeps what the script wrote when the reader starts late', async () => {
    delayCat('sleep 0.6');
    const sink = new Collected();
    expect(await node.start(spec('1-a.1', 'echo first; exit 3'), sink)).toEqual({ kind: 'exited', code: 3 });
    expect(sink.text).toBe('first\n');
  });

  it('keeps all bytes, and nothing else, where a child in the background holds the output open', async () => {
    const sink = new Collected();
    const script = `${child(':')} printf 'a\\0b\\n\\n\\377'; echo here >&2`;
    expect(await run(script, sink)).toEqual({ kind: 'exited', code: 0 });
    for (const { out, err } of [sink, await followed()])
      expect([out.toString('latin1'), err.toString('utf8')]).toEqual(['a\0b\n\n\u00ff', 'here\n']);
  });

  it('keeps every line of the script between those of a child that goes on writing', async () => {
    const sink = new Collected();
    const script = `${child('echo noise')} n=0; while [ $n -lt 500 ]; do echo line $n; n=$((n + 1)); done`;
    expect(await run(script, sink)).toEqual({ kind: 'exited', code: 0 });
    const lines = Array.from({ length: 500 }, (_, n) => `line ${String(n)}`);
    for (const { text } of [sink, await followed()])
      expect(text.split('\n').filter((line) => line !== 'noise')).toEqual([...lines, '']);
  });

  it('says that output was cut only where it was, whatever a child holds open', async () => {
    const sink = new Collected();
    const script = `${child(':')} head -c 2048 /dev/zero; head -c 2049 /dev/zero >&2`;
    expect(await run(script, sink, 2048)).toEqual({ kind: 'exited', code: 0 });
    expect([sink.out.length, sink.err.length, sink.cuts]).toEqual([2048, 2048, ['stderr']]);
  });

  it('ends an attempt whose kept output is full while a child goes on writing', async () => {
    const sink = new Collected();
    const script = `${child('head -c 4096 /dev/zero')} head -c 5000 /dev/zero`;
    expect(await run(script, sink, 3000)).toEqual({ kind: 'exited', code: 0 });
    expect([sink.out.length, sink.cuts]).toEqual([3000, ['stdout']]);
  });
}

for (const name of ['dash', 'bash', 'busybox']) {
  const interpreter = found(name);
  if (interpreter === undefined) it.skip(`output that is read late, under ${name}: not on this machine`);
  else describe(`output that is read late, under ${name}`, () => lateDrain(interpreter));
}
