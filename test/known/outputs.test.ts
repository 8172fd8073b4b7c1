import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { recognise } from '../../src/known/recognise.ts';

/** Outputs of real commands, as they were seen or reported; each begins with `=== ID`. */
const failures = textOf('failures.txt')
  .split(/^=== /m)
  .slice(1)
  .map((part) => {
    const [id = '', ...lines] = part.trimEnd().split('\n');
    return { id, lines };
  });
/** What commands that succeeded printed; each begins with `### `. */
const ordinary = textOf('ordinary.txt').trimEnd().split('\n');

test.each(failures)('a whole output that failed names $id and only it', ({ id, lines }) => {
  expect(idsOf(lines)).toEqual([id]);
});

describe('ordinary output', () => {
  test('of more than 200 lines names nothing, after whichever command it ends', () => {
    expect(ordinary.length).toBeGreaterThan(200);
    const ends = [...ordinary, '### '].flatMap((line, at) => (line.startsWith('### ') ? [at] : []));
    for (const end of ends) expect(idsOf(ordinary.slice(0, end)), ordinary[end]).toEqual([]);
  });

  test('of each command names nothing', () => {
    for (const part of ordinary.join('\n').split(/^(?=### )/m))
      expect(idsOf(part.trimEnd().split('\n')), part.slice(0, 60)).toEqual([]);
  });
});

describe('a problem that is over', () => {
  const budget = (pod: string): string =>
    `error when evicting pods/"${pod}" -n "demo" (will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget.`;

  test('is not named: the pod was evicted later', () => {
    expect(idsOf([budget('web-1'), 'pod/web-1 evicted', 'error: the server has no room'])).toEqual([]);
    expect(idsOf([budget('web-1'), 'node/w1 drained', 'exit 1'])).toEqual([]);
  });

  test('is named while it lasts', () => {
    expect(idsOf([budget('web-1'), budget('web-2'), 'pod/web-1 evicted'])).toEqual(['drain-disruption-budget']);
  });

  test('such as the wait for a lock is named only at the end of the output', () => {
    const waits =
      'Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7 (apt)';
    expect(idsOf([waits])).toEqual(['apt-lock']);
    expect(idsOf([waits, ...Array.from({ length: 9 }, () => 'Unpacking ...')])).toEqual([]);
  });
});

test('at most three are named, the narrowest first, and of the same breadth the latest', () => {
  const lines = [
    'E: Unable to locate package kubeadm',
    'Error: etcdserver: no leader',
    'sudo: a password is required',
    'Host key for 10.0.0.12 has changed and you have requested strict checking.',
    'Unable to connect to the server: net/http: TLS handshake timeout',
    'E: Sub-process /usr/bin/dpkg returned an error code (1)',
  ];
  expect(idsOf(lines)).toEqual(['ssh-host-key-changed', 'sudo-password', 'etcd-no-leader']);
  expect(idsOf(lines.slice(4))).toEqual(['tls-handshake-timeout']);
  expect(idsOf(lines.slice(5))).toEqual(['dpkg-failed']);
});

test('only the last 200 lines are looked at', () => {
  const line = 'sudo: a password is required';
  const ends = Array.from({ length: 199 }, () => 'ok');
  expect(idsOf([line, ...ends])).toEqual(['sudo-password']);
  expect(idsOf([line, ...ends, 'ok'])).toEqual([]);
});

function idsOf(lines: readonly string[]): string[] {
  return recognise(lines).map(({ id }) => id);
}

function textOf(name: string): string {
  return readFileSync(new URL(`outputs/${name}`, import.meta.url), 'utf8');
}
