import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { generator } from '../../src/rehearse/faults/generator.ts';
import { httpServer } from '../engine/http-server.ts';
import { folder, type Lab, labUp, runbook, startRunbook } from './cli.ts';

const EXAMPLE = new URL('../../runbooks/examples/containerd-behind-load-balancer.yaml', import.meta.url).pathname;
const TOKEN = 'planted-token-of-the-load-balancer';
const KILLS = 30;

/** The load balancer's client: it writes what it is told, and refuses without its token. */
const LBCTL = `#!/bin/sh
[ "$1" = --token-file ] && [ "$(cat "$2")" = '${TOKEN}' ] || { echo 'lbctl: no token' >&2; exit 4; }
printf '%s %s\\n' "$3" "$4" >>"$LB_LEDGER"
`;

interface World {
  readonly lab: Lab;
  readonly env: Record<string, string>;
  readonly told: unknown[];
  readonly asked: () => number;
  readonly ledger: () => string[];
  readonly args: readonly string[];
  readonly inputs: readonly string[];
}

async function world(): Promise<World> {
  const lab = await labUp('--workers', '2', '--control-planes', '1', '--containerd', '1.7.27', '--time-scale', '20');
  const dir = folder();
  mkdirSync(join(dir, 'bin'));
  writeFileSync(join(dir, 'bin', 'lbctl'), LBCTL);
  chmodSync(join(dir, 'bin', 'lbctl'), 0o755);
  const told: unknown[] = [];
  const team = await httpServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      told.push(JSON.parse(body));
      response.end();
    });
  });
  let asked = 0;
  const prometheus = await httpServer((_request, response) => {
    asked += 1;
    // The first answer tells of an alert.
    const result = asked === 1 ? [{ metric: { alertname: 'Down' }, value: [0, '1'] }] : [];
    response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }));
  });
  // Its own times, for people: ours are shorter.
  const example = readFileSync(EXAMPLE, 'utf8')
    .replace('for: 2m', 'for: 1s')
    .replace('retryDelay: 10s', 'retryDelay: 1s');
  writeFileSync(join(dir, 'team.yaml'), example);
  const file = join(dir, 'ledger');
  writeFileSync(file, '');
  return {
    lab,
    told,
    asked: () => asked,
    ledger: () => readFileSync(file, 'utf8').trimEnd().split('\n'),
    env: { PATH: `${join(dir, 'bin')}:${process.env['PATH']}`, LB_LEDGER: file, LB_TOKEN: TOKEN, TEAM_WEBHOOK: team },
    args: ['--state-dir', join(dir, 'state'), '--yes'],
    inputs: [
      join(dir, 'team.yaml'),
      '-i',
      lab.inventory,
      '--set',
      'containerd=1.7.28',
      '--set',
      `prometheus=${prometheus}`,
    ],
  };
}

/** Starts the program and kills it after so many events of the run. @returns its exit code; undefined: it was killed */
async function killedAfter(events: number, args: readonly string[], env: Record<string, string>) {
  const running = startRunbook([...args, '--output', 'json'], env);
  let left: number | undefined;
  running.stdout.on('data', (chunk: Buffer) => {
    const text = chunk.toString();
    if (text.includes('"run-started"')) left = events;
    if (left === undefined) return;
    left -= text.split('\n').length - 1;
    if (left <= 0) running.kill('SIGKILL');
  });
  const { exitCode, isTerminated } = await running;
  return isTerminated ? undefined : exitCode;
}

test('a runbook of a team, killed again and again: every effect once in each pass of a node, one message for one failure', async () => {
  const { lab, env, told, asked, ledger, args, inputs } = await world();
  // The smoke check of one worker needs its retries, and the last step of the first fails once.
  await lab.fault('worker-2', '^crictl info', 'exit:1', 2);
  await lab.fault('cp-1', 'team.example/runtime', 'exit:1');
  const random = generator(12);
  let kills = 0;
  let code: number | undefined;
  const codes: (number | undefined)[] = [];
  for (let first = true; kills < KILLS; first = false) {
    const command = first ? ['apply', ...inputs, ...args] : ['resume', ...args];
    code = await killedAfter(3 + Math.floor(random() * 4), command, env);
    codes.push(code);
    if (code === undefined) kills += 1;
    if (code === 0) break;
  }
  while (code !== 0 && codes.length < 60) codes.push((code = (await runbook(['resume', ...args], { env })).code));
  expect(codes.at(-1)).toBe(0);
  expect(kills).toBeGreaterThanOrEqual(20);

  const pools = ledger();
  const of = (node: string) => pools.filter((line) => line.endsWith(node)).map((line) => line.split(' ')[0]);
  // Its last step failed, so it was taken out once more.
  expect(of('worker-1')).toEqual(['remove', 'add', 'remove', 'add']);
  expect(of('worker-2')).toEqual(['remove', 'add']);
  // A controller that is killed between a failure and its message leaves it unsent.
  expect(told.length).toBeLessThan(2);
  expect(told).toEqual(told.map(() => expect.objectContaining({ outcome: 'failed', node: 'worker-1' })));
  expect(asked()).toBeGreaterThan(2);
  for (const node of await lab.nodes()) {
    if (node.role !== 'worker') continue;
    const count = (of: RegExp) => node.commands.filter(({ line, exit }) => of.test(line) && exit === 0).length;
    expect(count(/^apt-get .*\binstall\b.*containerd\.io/)).toBe(1);
    expect(node).toMatchObject({ ready: true, unschedulable: false });
  }
  const drains = (await lab.nodes()).flatMap(({ commands }) =>
    commands.filter(({ line }) => /^kubectl .*\bdrain\b/.test(line)),
  );
  expect(drains.map(({ line }) => /worker-\d/.exec(line)?.[0])).toEqual(['worker-1', 'worker-2']);
  const noted = (await lab.node('cp-1')).commands.filter(({ line, exit }) => /team.example/.test(line) && exit === 0);
  expect(noted.map(({ line }) => line.split(' ').slice(-2).join(' '))).toEqual(
    [1, 2].map((number) => `worker-${number} team.example/runtime=1.7.28`),
  );
  const status = (await runbook(['status', ...args.slice(0, 2), '--output', 'json'])).stdout;
  for (const text of [status, JSON.stringify(told)]) expect(text).not.toContain(TOKEN);
}, 600_000);
