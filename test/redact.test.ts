import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AttemptOutput } from '../src/engine/output.ts';
import type * as Redact from '../src/redact.ts';

/** A process of its own knows no secret yet. */
let redact: typeof Redact;
beforeEach(async () => {
  vi.resetModules();
  redact = await import('../src/redact.ts');
});
afterEach(() => vi.resetModules());

const SECRET = 'hüntér2/"it\'s"?x';

/** The output of a stream that comes in pieces of so many bytes. */
function streamed(text: string, size: number): string {
  const stream = new redact.RedactedBytes();
  const bytes = Buffer.from(text);
  const out: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) out.push(stream.push(bytes.subarray(at, at + size)));
  return Buffer.concat([...out, stream.end()]).toString('utf8');
}

test('a secret is replaced as it is, in JSON, in a URL, in single quotes and in base64, alone or within a longer value', () => {
  redact.hideSecret(SECRET);
  const forms = [
    SECRET,
    JSON.stringify({ password: SECRET }),
    `https://x?y=${encodeURIComponent(SECRET)}&z`,
    `+ curl -u 'ops:${SECRET.replaceAll("'", `'\\''`)}'`,
    ...['', 'a', 'ab', 'ops:'].map((before) => Buffer.from(`${before}${SECRET}\nmore`).toString('base64')),
    Buffer.from(`ops:${SECRET}`).toString('base64url'),
  ];
  for (const form of forms) {
    const shown = redact.redactText(form);
    expect(shown).toContain('***');
    expect(shown).not.toMatch(/nt.{1,8}r2|aMO8bnTDqXI|fDvG50w6ly|ow7xudMOpcj/);
    expect(streamed(form, 1)).toBe(shown);
  }
});

test.each([1, 2, 3, 5, 7, 1000])('output in pieces of %i bytes shows no secret, and all else as it was', (size) => {
  for (const secret of ['abcab', 'abcabcd', 'xyab', SECRET]) redact.hideSecret(secret);
  const text = `abca abcab. abcabcabcd, abcabc\nxyabc xyabcabd ${SECRET}${SECRET} größer hüntér\n abca`;
  const expected = 'abca ***. ***cabcd, ***c\n***c ***cabd ****** größer hüntér\n abca';
  expect(streamed(text, size)).toBe(expected);
  expect(redact.redactText(text)).toBe(expected);
});

test('of a secret with several lines each is replaced, also indented, but for the frame of a PEM block', () => {
  redact.hideSecret('-----BEGIN KEY-----\nc2VjcmV0IG9uZQ\n  dHdvIHNlY3JldA\nshort\n-----END KEY-----\n');
  expect(streamed('-----BEGIN KEY-----\n   c2VjcmV0IG9uZQ\ndHdvIHNlY3JldA short\n', 4)).toBe(
    '-----BEGIN KEY-----\n   ***\n*** short\n',
  );
});

test('a value of less than four characters is not replaced', () => {
  redact.hideSecret('abc');
  redact.hideSecret('');
  expect(redact.redactText('abc')).toBe('abc');
});

test('bytes that are no text pass as they are', () => {
  redact.hideSecret('hunter2');
  const bytes = Buffer.from([0, 255, 254, 10, 128, 0x68, 0x75, 200]);
  const stream = new redact.RedactedBytes();
  expect(Buffer.concat([...[...bytes].map((byte) => stream.push(Buffer.from([byte]))), stream.end()])).toEqual(bytes);
});

test('data keeps its names and ids', () => {
  redact.hideSecret('worker');
  const data = {
    node: 'worker',
    nodes: ['worker'],
    reason: 'worker',
    detail: ['a worker'],
    at: 1,
    more: { text: 'worker' },
  };
  expect(redact.redactData(data, (key) => key.startsWith('node'))).toEqual({
    ...data,
    reason: '***',
    detail: ['a ***'],
    more: { text: '***' },
  });
});

describe('the output of an attempt', () => {
  test('has no secret in its log, lines and tail, and counts the bytes that the node has', async () => {
    redact.hideSecret('hunter2');
    const { AttemptOutput: Fresh } = await import('../src/engine/output.ts');
    const log: Buffer[] = [];
    const shown: string[] = [];
    const output: AttemptOutput = new Fresh(
      (bytes) => log.push(Buffer.from(bytes)),
      (stream, text) => shown.push(`${stream} ${text}`),
    );
    for (const piece of ['it is hun', 'ter2\nand hunt', 'er']) output.stdout(Buffer.from(piece));
    output.stderr(Buffer.from('hunter'));
    output.stderr(Buffer.from('2'));
    output.end();
    expect(output.offsets).toEqual({ stdout: 24, stderr: 7 });
    expect(shown).toEqual(['stdout it is ***\n', 'stdout and hunter', 'stderr ***']);
    expect(output.tail()).toEqual(['it is ***', 'and hunter', '***']);
    expect(Buffer.concat(log).toString()).toBe('it is ***\nand ***hunter');
  });
});
