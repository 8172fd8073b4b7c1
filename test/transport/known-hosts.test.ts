import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { fingerprint, judgeHostKey, knownKeyTypes, parseKnownHosts } from '../../src/transport/known-hosts.ts';

/** A key of a type with some content; only its wire form counts here. */
function key(type: string, content: string): Buffer {
  const parts = [type, content].map((part) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    return Buffer.concat([length, Buffer.from(part)]);
  });
  return Buffer.concat(parts);
}
const ed = key('ssh-ed25519', 'one');
const other = key('ssh-ed25519', 'two');
const rsa = key('ssh-rsa', 'three');
const b64 = (blob: Buffer): string => blob.toString('base64');
const hashed = (name: string): string => {
  const salt = Buffer.from('0123456789abcdefghij');
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
};
function judge(text: string, host: string, port: number, offered: Buffer): string {
  return judgeHostKey(parseKnownHosts('kh', text), host, port, offered).kind;
}

test('a plain line trusts its key for its host alone', () => {
  const text = `cp-1,10.0.0.11 ssh-ed25519 ${b64(ed)} somebody@somewhere\n`;
  expect(judge(text, 'cp-1', 22, ed)).toBe('trusted');
  expect(judge(text, '10.0.0.11', 22, ed)).toBe('trusted');
  expect(judge(text, 'CP-1', 22, ed)).toBe('trusted');
  expect(judge(text, 'cp-2', 22, ed)).toBe('unknown');
  expect(judge(text, 'cp-1', 22, other)).toBe('changed');
});

test('hashed lines are matched by their hash, with and without a port', () => {
  const text = `${hashed('cp-1')} ssh-ed25519 ${b64(ed)}\n${hashed('[cp-2]:2222')} ssh-ed25519 ${b64(other)}\n`;
  expect(judge(text, 'cp-1', 22, ed)).toBe('trusted');
  expect(judge(text, 'cp-1', 22, other)).toBe('changed');
  expect(judge(text, 'cp-2', 2222, other)).toBe('trusted');
  expect(judge(text, 'cp-2', 22, other)).toBe('unknown');
});

test('a port other than 22 has lines of its own, and falls back to a key under the bare name', () => {
  const text = `[cp-1]:2222 ssh-ed25519 ${b64(ed)}\ncp-1 ssh-ed25519 ${b64(other)}\n`;
  expect(judge(text, 'cp-1', 2222, ed)).toBe('trusted');
  expect(judge(text, 'cp-1', 2222, other)).toBe('trusted');
  expect(judge(text, 'cp-1', 22, ed)).toBe('changed');
  expect(judge(`cp-1 ssh-ed25519 ${b64(other)}`, 'cp-1', 2222, ed)).toBe('unknown');
});

test('wildcards match, and a negated pattern takes a host out', () => {
  const text = `*.example.com,!bad.example.com,cp-? ssh-ed25519 ${b64(ed)}`;
  expect(judge(text, 'a.example.com', 22, ed)).toBe('trusted');
  expect(judge(text, 'bad.example.com', 22, ed)).toBe('unknown');
  expect(judge(text, 'cp-1', 22, ed)).toBe('trusted');
  expect(judge(text, 'cp-11', 22, ed)).toBe('unknown');
  expect(judge(text, 'aXexample.com', 22, ed)).toBe('unknown');
});

test('any of several keys of a host is trusted', () => {
  const text = `cp-1 ssh-rsa ${b64(rsa)}\ncp-1 ssh-ed25519 ${b64(ed)}\n`;
  expect(judge(text, 'cp-1', 22, rsa)).toBe('trusted');
  expect(judge(text, 'cp-1', 22, ed)).toBe('trusted');
  expect(judge(text, 'cp-1', 22, other)).toBe('changed');
  expect(knownKeyTypes(parseKnownHosts('kh', text), 'cp-1', 22)).toEqual(['ssh-rsa', 'ssh-ed25519']);
});

test('a host with a key of another type only is not taken for a new one', () => {
  expect(judge(`cp-1 ssh-rsa ${b64(rsa)}`, 'cp-1', 22, ed)).toBe('changed');
});

test('a revoked key is refused even where another line trusts it', () => {
  const text = `cp-1 ssh-ed25519 ${b64(ed)}\n@revoked * ssh-ed25519 ${b64(ed)}\n`;
  expect(judge(text, 'cp-1', 22, ed)).toBe('revoked');
  expect(judge(text, 'cp-1', 22, other)).toBe('changed');
});

test('a certificate authority is no plain key, and is reported', () => {
  const lines = parseKnownHosts('kh', `@cert-authority *.example.com ssh-ed25519 ${b64(ed)}`);
  expect(judgeHostKey(lines, 'a.example.com', 22, ed)).toEqual({ kind: 'unknown', authorities: lines });
});

test('comments, broken lines and lines of old protocols are passed over', () => {
  const broken = [
    '# a comment',
    '',
    '   ',
    'cp-1',
    'cp-1 ssh-ed25519',
    `cp-1 ssh-rsa ${b64(ed)}`,
    'cp-1 ssh-ed25519 %%%',
  ];
  const text = [
    ...broken,
    'cp-1 1024 35 1234567',
    '@what cp-1 ssh-ed25519 x',
    `\tcp-1\tssh-ed25519\t${b64(ed)}\r`,
  ].join('\n');
  const lines = parseKnownHosts('kh', text);
  expect(lines.map(({ line }) => line)).toEqual([10]);
  expect(judge(text, 'cp-1', 22, ed)).toBe('trusted');
});

test('a fingerprint is written as ssh-keygen writes it', () => {
  const line = 'AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
  expect(fingerprint(Buffer.from(line, 'base64'))).toBe('SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU');
});

test('a star matches any text, as often as there are stars, in no time', () => {
  const trusts = (hosts: string, name: string) =>
    judge(`${hosts} ssh-ed25519 ${b64(ed)}\n`, name, 22, ed) === 'trusted';
  for (const hosts of ['*', '**', 'cp-*', '*-1', 'c*-*1', 'c?-1', '*p*', 'cp-1*', '?*?']) {
    expect(trusts(hosts, 'cp-1'), hosts).toBe(true);
  }
  for (const hosts of ['cp-', '*2', 'c?1', 'cp-1?', '?', '*p', 'c*2*'])
    expect(trusts(hosts, 'cp-1'), hosts).toBe(false);
  expect(trusts(`${'*a'.repeat(40)}b`, 'a'.repeat(250))).toBe(false);
});
