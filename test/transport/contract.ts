import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Session } from '../../src/transport/transport.ts';

/** What every transport promises, held against one of them. Each test uses the same session. */
export function contract(connect: () => Promise<Session>): void {
  let session: Session;
  beforeAll(async () => {
    session = await connect();
  });
  afterAll(async () => session.close());

  test('a command tells its output, its errors and its exit code apart', async () => {
    const result = await session.exec('echo out; echo err >&2; exit 7');
    expect(result.exit).toEqual({ kind: 'exited', code: 7 });
    expect(result.stdout.toString()).toBe('out\n');
    expect(result.stderr.toString()).toBe('err\n');
  });

  test('a command sees the end of an empty stdin', async () => {
    const result = await session.exec('cat; echo done');
    expect(result.stdout.toString()).toBe('done\n');
  });

  test('a command that a signal ended is not one that exited', async () => {
    const { exit } = await session.exec('kill -TERM $$');
    expect(exit).toEqual({ kind: 'signalled', signal: 'SIGTERM' });
  });

  test('every byte goes through in both directions', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 * 16 }, (_, index) => index % 256));
    const result = await session.exec('cat', { stdin: bytes });
    expect(result.stdout.equals(bytes)).toBe(true);
  });

  test('2 MB of stdin arrive whole', async () => {
    const bytes = randomBytes(2 * 1024 * 1024);
    const result = await session.exec('sha256sum', { stdin: bytes });
    expect(result.stdout.toString().slice(0, 64)).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  test('50 MB of stdout and some of stderr arrive whole', async () => {
    const size = 50 * 1024 * 1024;
    const result = await session.exec(`head -c 3000000 /dev/zero >&2; head -c ${size} /dev/zero`);
    expect(result.exit).toEqual({ kind: 'exited', code: 0 });
    expect(result.stdout.length).toBe(size);
    expect(result.stderr.length).toBe(3_000_000);
  });

  test('stdin that nobody reads does not keep a command from ending', async () => {
    const { exit } = await session.exec('exit 3', { stdin: Buffer.alloc(5 * 1024 * 1024) });
    expect(exit).toEqual({ kind: 'exited', code: 3 });
  });

  test('more output than is to be kept is an error, not a truncation', async () => {
    const endless = session.exec('while :; do echo 0123456789; done', { maxBuffer: 1000 });
    await expect(endless).rejects.toThrow('printed more than 1000 bytes');
  });

  test('a time limit gives back what was printed and says that nobody knows the end', async () => {
    const started = performance.now();
    await session.exec('true');
    const timeout = Math.ceil((performance.now() - started) * 3) + 500;
    const result = await session.exec('echo $$; exec sleep 600', { timeout });
    kill(result.stdout);
    expect(result.exit).toEqual({ kind: 'lost', reason: `it did not end within ${timeout / 1000} s` });
  });

  test('a long-lived shell answers line by line', async () => {
    const channel = await session.open('while read -r line; do echo "got $line"; done');
    channel.stderr.resume();
    const lines = channel.stdout.setEncoding('utf8')[Symbol.asyncIterator]();
    channel.stdin.write('one\n');
    expect(await lines.next()).toEqual({ done: false, value: 'got one\n' });
    channel.stdin.end('two\n');
    expect(await lines.next()).toEqual({ done: false, value: 'got two\n' });
    expect(await lines.next()).toMatchObject({ done: true });
    expect(await channel.exit).toEqual({ kind: 'exited', code: 0 });
  });

  test('output waits for a reader that comes late', async () => {
    const channel = await session.open('echo out; echo err >&2');
    await session.exec('true');
    await new Promise((resolve) => setImmediate(resolve));
    expect(await channel.stdout.setEncoding('utf8').toArray()).toEqual(['out\n']);
    expect(await channel.stderr.setEncoding('utf8').toArray()).toEqual(['err\n']);
    expect(await channel.exit).toEqual({ kind: 'exited', code: 0 });
  });

  test('several channels are open at once', async () => {
    const results = await Promise.all(
      [1, 2, 3, 4, 5].map(async (n) => session.exec(`cat; exit ${n}`, { stdin: `${n}` })),
    );
    expect(results.map(({ exit, stdout }) => [exit, stdout.toString()])).toEqual(
      [1, 2, 3, 4, 5].map((n) => [{ kind: 'exited', code: n }, `${n}`]),
    );
  });

  test('a channel that is closed from here is lost, and the session lives on', async () => {
    const channel = await session.open('cat');
    channel.close();
    expect(await channel.exit).toMatchObject({ kind: 'lost' });
    const { exit } = await session.exec('true');
    expect(exit).toEqual({ kind: 'exited', code: 0 });
  });

  test('quotes, dollars, newlines and words of any script reach the shell unchanged', async () => {
    const result = await session.exec(`x='a "b" $c'; printf '%s\\n' "$x" 'it'\\''s'\nprintf %s "\${#x}"`);
    expect(result.stdout.toString()).toBe(`a "b" $c\nit's\n8`);
  });

  test('a program that goes to the background with its output redirected does not hold the command', async () => {
    const { exit, stdout } = await session.exec('tail -f /dev/null >/dev/null 2>&1 </dev/null & echo $!');
    kill(stdout);
    expect(exit).toEqual({ kind: 'exited', code: 0 });
  });

  test('a closed session says so and refuses further commands', async () => {
    const other = await connect();
    await other.close();
    expect(await other.closed).toEqual(expect.any(String));
    await expect(other.exec('true')).rejects.toMatchObject({ name: 'ConnectionLost', target: other.target });
  });
}

/** Ends the process whose id was printed; a signal to 0 would end this one. */
function kill(printed: Buffer): void {
  expect(printed.toString()).toMatch(/^[1-9]\d*\n$/u);
  process.kill(Number(printed.toString()));
}
