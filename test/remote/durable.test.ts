import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { helperCommand, helperProgram } from '../../src/remote/helper.ts';
import { ClaimRefused, type RemoteNode } from '../../src/remote/attempt.ts';
import { openRemoteNode } from '../../src/remote/client.ts';
import { ConnectionLost } from '../../src/transport/transport.ts';
import { Collected, spec } from './collect.ts';
import { LocalSession } from './local-session.ts';
import { eventually } from '../eventually.ts';

const isRoot = process.getuid?.() === 0;

/** Prints the numbers from `from` to `to`, each after its gate file exists; and a line in `ran` per execution. */
function gated(folder: string, last: number): string {
  return `echo x >>${folder}/ran; n=1
while [ $n -le ${String(last)} ]; do
  while [ -d ${folder} ] && [ ! -e ${folder}/gate-$n ]; do sleep 0.02; done
  echo $n; n=$((n + 1))
done`;
}

/** Those of nodes, as far as they are here: each has a `wait` and a `read` of its own. */
const shells = ['/bin/sh', '/bin/dash', '/bin/bash', '/bin/busybox'].filter((shell) => existsSync(shell));

describe('an attempt outlives what happens to its connection', () => {
  let folder: string;
  let root: string;
  const sessions: LocalSession[] = [];

  async function link(before = ''): Promise<{ session: LocalSession; node: RemoteNode }> {
    const session = new LocalSession();
    session.before = before;
    sessions.push(session);
    return { session, node: await openRemoteNode(session, { root }) };
  }

  function open(...gates: number[]): void {
    for (const gate of gates) writeFileSync(join(folder, `gate-${String(gate)}`), '');
  }

  function words(file: string): number[] {
    return readFileSync(join(root, 'r1', '1-a.1', file), 'utf8')
      .trim()
      .split(' ')
      .map(Number);
  }

  function kill(pid: number | undefined): void {
    if (pid !== undefined && pid > 1) process.kill(pid, 'SIGKILL');
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'runbook-remote-'));
    root = join(folder, 'root');
  });

  afterEach(async () => {
    const { node } = await link();
    for (const { run, id, state } of await node.list()) {
      if (state.kind === 'running') await node.cancel(run, id);
    }
    for (const session of sessions.splice(0)) session.cut();
    await eventually(() => {
      expect(processesWith(folder)).toEqual([]);
    });
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  it('gives every byte once and runs once when the program is killed in mid-step', async () => {
    const first = await link();
    const sink = new Collected();
    const started = first.node.start(spec('1-a.1', gated(folder, 4)), sink);
    open(1, 2);
    await sink.until('2\n');
    kill(words('claim')[0]);
    await expect(started).rejects.toBeInstanceOf(ConnectionLost);
    open(3);
    const second = await link();
    expect(await second.node.status('r1', '1-a.1')).toEqual({ kind: 'running' });
    const followed = second.node.follow('r1', '1-a.1', { stdout: sink.out.length, stderr: 0 }, sink);
    open(4);
    expect(await followed).toEqual({ kind: 'exited', code: 0 });
    expect([sink.text, readFileSync(join(folder, 'ran'), 'utf8')]).toEqual(['1\n2\n3\n4\n', 'x\n']);
  });

  it('runs to its end when the link is cut, and leaves no process of the program behind', async () => {
    const first = await link();
    const sink = new Collected();
    const started = first.node.start(spec('1-a.1', gated(folder, 2)), sink);
    open(1);
    await sink.until('1\n');
    first.session.cut();
    await expect(started).rejects.toBeInstanceOf(ConnectionLost);
    await eventually(() => {
      expect(processesWith(`runbook-helper ${String(Buffer.byteLength(helperProgram))} ${root}`)).toEqual([]);
    });
    expect((await (await link()).node.list('r1'))[0]?.state).toEqual({ kind: 'running' });
    open(2);
    const again = new Collected();
    await (await link()).node.follow('r1', '1-a.1', { stdout: 0, stderr: 0 }, again);
    expect(again.text).toBe('1\n2\n');
  });

  it('is not held up by a reader that has stopped reading', async () => {
    const session = new LocalSession();
    sessions.push(session);
    const channel = await session.open(helperCommand(root));
    channel.stdin.write(helperProgram);
    channel.stdin.write(request('head -c 3000000 /dev/zero; echo done >&2'));
    const other = await link();
    const status = join(root, 'r1', '1-a.1', 'status');
    await eventually(() => {
      expect(existsSync(status) && readFileSync(status, 'utf8')).toContain('exited 0');
    });
    const sink = new Collected();
    await other.node.follow('r1', '1-a.1', { stdout: 0, stderr: 0 }, sink);
    expect([sink.out.length, sink.err.toString('utf8')]).toEqual([3000000, 'done\n']);
  });

  it('is interrupted, never exited, when its supervisor was killed; and running while the script lives', async () => {
    const { node } = await link();
    const sink = new Collected();
    const started = node.start(spec('1-a.1', `${gated(folder, 2)}\nexit 0`), sink);
    open(1);
    await sink.until('1\n');
    kill(words('pid')[0]);
    expect(await started).toEqual({ kind: 'running' });
    open(2);
    const other = await link();
    const state = await other.node.follow('r1', '1-a.1', { stdout: 2, stderr: 0 }, sink);
    expect(state).toEqual({ kind: 'interrupted', rebooted: false });
    expect(sink.text).toBe('1\n2\n');
  });

  it('does not take another process with the same pid for its own', async () => {
    const { node } = await link();
    await node.start(spec('1-a.1', 'true'), new Collected());
    const here = join(root, 'r1', '1-a.1');
    writeFileSync(join(here, 'status'), ' '.repeat(511));
    writeFileSync(join(here, 'launched'), `${String(process.pid)} 1\n`);
    writeFileSync(join(here, 'pid'), `${String(process.pid)} ${String(process.pid)} 1\n`);
    expect(await node.status('r1', '1-a.1')).toEqual({ kind: 'interrupted', rebooted: false });
  });

  it('knows that the node has rebooted, also where the pid is in use again', async () => {
    const { node } = await link();
    const sink = new Collected();
    const started = node.start(spec('1-a.1', gated(folder, 1)), sink);
    await eventually(() => {
      expect(words('pid')).toHaveLength(3);
    });
    const claim = join(root, 'r1', '1-a.1', 'claim');
    const now = readFileSync(claim, 'utf8');
    writeFileSync(claim, now.replace(/\S+\n/u, 'the-boot-before\n'));
    expect(await node.status('r1', '1-a.1')).toEqual({ kind: 'interrupted', rebooted: true });
    writeFileSync(claim, now);
    open(1);
    await started;
  });

  it('never ran where launched is missing, and cannot run any more after it was said', async () => {
    const { node } = await link();
    await node.start(spec('1-a.0', 'true'), new Collected());
    const here = join(root, 'r1', '1-a.1');
    mkdirSync(here);
    writeFileSync(join(here, 'claim'), `4194304 1 ${bootId()}\n`);
    expect(await node.status('r1', '1-a.1')).toEqual({ kind: 'never-ran' });
    expect(readFileSync(join(here, 'launched'), 'utf8')).toBe('void\n');
    expect(await node.list('r1')).toContainEqual({ run: 'r1', id: '1-a.1', state: { kind: 'never-ran' } });
  });

  it('ends when its script ends, whatever a child in the background holds open', async () => {
    const { node } = await link();
    const sink = new Collected();
    const script = `(while [ -d ${folder} ] && [ ! -e ${folder}/gate-1 ]; do sleep 0.02; done; echo late; echo $? >${folder}/late) & echo here`;
    expect(await node.start(spec('1-a.1', script), sink)).toEqual({ kind: 'exited', code: 0 });
    expect(sink.text).toBe('here\n');
    open(1);
    await eventually(() => {
      expect(readFileSync(join(folder, 'late'), 'utf8')).toBe('0\n');
    });
  });

  it('kills a script that ignores TERM, and what it started', async () => {
    const { node } = await link();
    const script = `trap '' TERM; echo $$; sleep 600 & while :; do sleep 600; done`;
    const state = await node.start(spec('1-a.1', script, { timeout: 1000 }), new Collected());
    expect(state).toEqual({ kind: 'timed-out' });
  });

  it('is ended at its time limit when nobody is connected', async () => {
    const first = await link();
    const started = first.node.start(spec('1-a.1', 'echo begun; sleep 600', { timeout: 2000 }), new Collected());
    await eventually(() => {
      expect(words('pid')).toHaveLength(3);
    });
    first.session.cut();
    await expect(started).rejects.toBeInstanceOf(ConnectionLost);
    const status = join(root, 'r1', '1-a.1', 'status');
    await eventually(() => {
      expect(readFileSync(status, 'utf8')).toContain('timed-out');
    });
  });

  it('has its own session, an empty stdin, the umask and the environment of the login', async () => {
    const { node } = await link('umask 027; export LC_ALL=C.UTF-8; ');
    const sink = new Collected();
    const script =
      'umask; echo $LC_ALL; cat; read -r line </proc/self/stat; set -- ${line##*) }; [ $4 = $$ ] && echo leader; pwd';
    await node.start(spec('1-a.1', script), sink);
    expect(sink.text).toBe(`0027\nC.UTF-8\nleader\n${process.cwd()}\n`);
  });

  it('keeps everything to its owner', async () => {
    const { node } = await link('umask 022; ');
    await node.start(spec('1-a.1', 'echo x'), new Collected());
    const here = join(root, 'r1', '1-a.1');
    const modes = readdirSync(here).map((name) => statSync(join(here, name)).mode & 0o777);
    expect(new Set(modes)).toEqual(new Set([0o600]));
    expect([root, join(root, 'r1'), here].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o700, 0o700]);
  });

  it('refuses a script that was damaged on its way and claims nothing', async () => {
    const session = new LocalSession();
    sessions.push(session);
    const channel = await session.open(helperCommand(root));
    let said = '';
    channel.stdout.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
    channel.stdin.write(helperProgram);
    channel.stdin.write(request('echo good', 'echo evil'));
    await eventually(() => {
      expect(said).toContain('refused 1 damaged');
    });
    expect(existsSync(join(root, 'r1', '1-a.1'))).toBe(false);
  });

  it('claims nothing when the link goes away in the middle of the script', async () => {
    const session = new LocalSession();
    sessions.push(session);
    const channel = await session.open(helperCommand(root));
    channel.stdin.write(helperProgram);
    channel.stdin.end(request('echo good').subarray(0, -4));
    channel.stdout.resume();
    channel.stderr.resume();
    await channel.exit;
    expect(existsSync(join(root, 'r1', '1-a.1'))).toBe(false);
  });

  it('says why a folder cannot be used', async () => {
    writeFileSync(root, 'a file');
    const { node } = await link();
    const started = node.start(spec('1-a.1', 'true'), new Collected());
    await expect(started).rejects.toThrow(/refused: .*(Not a directory|File exists)/u);
    rmSync(root);
  });

  it('skips what the login prints, and says it when the program never begins', async () => {
    const noisy = await link('echo Welcome; printf "no newline "; ');
    expect(await noisy.node.status('r1', '1-a.1')).toEqual({ kind: 'absent' });
    const shut = await link('echo "This account is not available"; exit 1; ');
    const asked = shut.node.status('r1', '1-a.1');
    await expect(asked).rejects.toBeInstanceOf(ClaimRefused);
    await expect(asked).rejects.toThrow('This account is not available');
  });

  it.each(shells)(
    'keeps quick attempts right, one after the other, whatever ticks come in between: %s',
    async (shell) => {
      const bin = join(folder, 'ticks');
      mkdirSync(bin);
      symlinkSync(shell, join(bin, 'sh'));
      // As often as can be; bash runs no further where a signal comes in every moment.
      const nap = shell === '/bin/bash' ? 'exec /bin/sleep 0.005' : '';
      writeFileSync(join(bin, 'sleep'), `#!/bin/sh\n${nap}\n`, { mode: 0o755 });
      const { node } = await link(`PATH=${bin}:$PATH `);
      for (let n = 1; n <= 40; n += 1) {
        const sink = new Collected();
        const state = await node.start(spec(`1-a.${n}`, `echo out ${n}; echo err >&2; exit ${n % 3}`), sink);
        expect([state, sink.text, sink.err.toString(), sink.cuts]).toEqual([
          { kind: 'exited', code: n % 3 },
          `out ${n}\n`,
          'err\n',
          [],
        ]);
      }
    },
  );

  it('runs nothing of a script to look with that was cut off on its way', async () => {
    const script = `touch ${folder}/looked\n# 0a1b2c\n`;
    for (const left of [0, 4, 9]) {
      const { session } = await link();
      const channel = await session.open(helperCommand(root));
      channel.stdout.resume();
      channel.stderr.resume();
      channel.stdin.write(helperProgram);
      channel.stdin.end(`probe 1 ${String(script.length)} 2 0a1b2c mark\n${script.slice(0, script.length - left)}`);
      await channel.exit;
      expect(existsSync(join(folder, 'looked'))).toBe(left === 0);
      rmSync(join(folder, 'looked'), { force: true });
    }
  });

  it.skipIf(!isRoot)('refuses a claim on a full disk, leaves no folder, and takes it once there is room', async () => {
    mkdirSync(root);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=0700', 'tmpfs', root]);
    try {
      const { node } = await link();
      await node.start(spec('1-a.0', 'true'), new Collected());
      execFileSync('sh', ['-c', `cat /dev/zero >${root}/filler 2>/dev/null || :`]);
      const started = node.start(spec('1-a.1', 'echo x'), new Collected());
      await expect(started).rejects.toThrow(/no space left/u);
      expect(existsSync(join(root, 'r1', '1-a.1'))).toBe(false);
      rmSync(join(root, 'filler'));
      expect(await node.start(spec('1-a.1', 'echo x'), new Collected())).toEqual({ kind: 'exited', code: 0 });
    } finally {
      execFileSync('umount', ['-l', root]);
    }
  });

  it.skipIf(!isRoot)('tells how a script ended whose output has filled the disk', async () => {
    mkdirSync(root);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=0700', 'tmpfs', root]);
    try {
      const { node } = await link();
      const sink = new Collected();
      const state = await node.start(spec('1-a.1', 'head -c 1000000 /dev/zero || exit 9; exit 5'), sink);
      expect(state).toEqual({ kind: 'exited', code: 5 });
      expect(sink.out.length).toBeLessThan(256 * 1024);
    } finally {
      execFileSync('umount', ['-l', root]);
    }
  });
});

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** A request to start attempt 1-a.1 of run r1; `sent` stands for what arrives in place of `script`. */
function request(script: string, sent = script): Buffer {
  const digest = createHash('sha256').update(`${script}\n`).digest('hex');
  return Buffer.from(`start 1 r1 1-a.1 1 0 kill 67108864 ${String(script.length + 1)} ${digest}\n${sent}\n`);
}

/** Command lines of processes that name `text`. */
function processesWith(text: string): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/u.test(pid)) return [];
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return line.includes(text) ? [line.slice(0, 300)] : [];
    } catch {
      return [];
    }
  });
}
