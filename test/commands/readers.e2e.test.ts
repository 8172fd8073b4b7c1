import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folder } from './cli.ts';

const CLI = new URL('../../dist/cli.js', import.meta.url).pathname;

/** Runs the program with nothing that reads from one of its streams. @returns what came on the other one */
async function unread(stream: 'stdout' | 'stderr', args: readonly string[]) {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const other = child[stream === 'stdout' ? 'stderr' : 'stdout'];
  let text = '';
  other.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child[stream].destroy();
  const code = await new Promise((resolve) => child.once('close', resolve));
  return { code, text };
}

/** A run of one local step with much output, which no one reads. */
async function applied() {
  const dir = folder();
  const path = (name: string) => join(dir, name);
  writeFileSync(
    path('inventory.yaml'),
    'apiVersion: runbook/v1\nkind: Inventory\ncluster: nowhere\nnodes: [{ name: unit, host: unit.invalid }]\n',
  );
  writeFileSync(
    path('here.yaml'),
    `apiVersion: runbook/v1
kind: Runbook
name: here
phases:
  - { name: Here, nodes: unit, steps: [{ name: Count, run: 'seq 50000; echo >>${path('mark')}', on: local }] }
`,
  );
  const state = ['--state-dir', path('state')];
  const documents = [path('here.yaml'), '-i', path('inventory.yaml'), ...state];

  expect(await unread('stdout', ['apply', ...documents, '--yes'])).toEqual({ code: 0, text: '' });
  const [run = ''] = readdirSync(path('state/runs'));
  return { path, documents, state, run };
}

test('a command whose output or messages no one reads does its work and ends quietly, with its own exit code', async () => {
  const { path, documents, state, run } = await applied();
  expect(await unread('stderr', ['apply', ...documents, '--yes'])).toMatchObject({ code: 0 });
  expect(await unread('stderr', ['no-such-command'])).toMatchObject({ code: 2 });
  const commands: [string[], number][] = [
    [['--help'], 0],
    [['schema', 'plan'], 0],
    [['plan', ...documents], 0],
    [['logs', run, ...state], 0],
    [['status', ...state], 0],
    [['apply', ...documents], 2],
    [['validate', path('none.yaml')], 2],
    [['no-such-command'], 2],
  ];
  for (const [args, code] of commands) {
    const withoutOutput = await unread('stdout', args);
    expect(withoutOutput.code, `${args.join(' ')}\n${withoutOutput.text}`).toBe(code);
    expect(withoutOutput.text, args.join(' ')).not.toMatch(/bug|EPIPE|warning|    at /i);
  }
});

test.skipIf(!existsSync('/dev/full'))('output that meets a full disk is an error, of every command', async () => {
  const { run, state } = await applied();
  for (const args of [['schema', 'plan'], ['runs', ...state], ['logs', run, ...state], ['--help']]) {
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', full, 'pipe'] });
    closeSync(full);
    let text = '';
    child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect({ code, text }, args.join(' ')).toEqual({
      code: 1,
      text: expect.stringMatching(/^error: cannot write the output: ENOSPC.*\n$/),
    });
  }
});
