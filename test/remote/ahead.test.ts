import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ClaimRefused, type RemoteNode } from '../../src/remote/attempt.ts';
import { openRemoteNode } from '../../src/remote/client.ts';
import { Collected, spec } from './collect.ts';
import { LocalSession } from './local-session.ts';
import { eventually } from '../eventually.ts';

describe('a supervisor that was started ahead', () => {
  let folder: string;
  let mark: string;
  let session: LocalSession;
  let node: RemoteNode;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'runbook-remote-'));
    mark = `RUNBOOK_TEST=${randomUUID()}`;
    session = new LocalSession();
    session.before = `${mark} `;
    node = await openRemoteNode(session, { root: join(folder, 'root') });
  });

  afterEach(async () => {
    await node.close();
    await session.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  const ran = (): string => readFileSync(join(folder, 'ran'), 'utf8');
  const step = async (id: string): Promise<unknown> =>
    node.start(spec(id, `echo ${id} >>${folder}/ran`), new Collected());

  async function waiting(): Promise<number> {
    return eventually(() => {
      const [pid, ...more] = supervisors(mark);
      if (pid === undefined || more.length > 0) throw new Error(`${String(more.length)} more than one`);
      return pid;
    });
  }

  it('takes the next attempt, and ends with the connection when there is none', async () => {
    await step('1-a.1');
    const pid = await waiting();
    await step('1-b.1');
    expect(readFileSync(join(folder, 'root/r1/1-b.1/launched'), 'utf8').split(' ')[0]).toBe(String(pid));
    await waiting();
    session.cut();
    await eventually(() => expect(supervisors(mark)).toEqual([]));
    expect(ran()).toBe('1-a.1\n1-b.1\n');
    expect(readdirSync(join(folder, 'root/r1')).sort()).toEqual(['1-a.1', '1-b.1', 'epoch']);
  });

  it('is replaced when it died while it waited', async () => {
    await step('1-a.1');
    process.kill(await waiting(), 'SIGKILL');
    await eventually(() => expect(supervisors(mark)).toEqual([]));
    expect(await step('1-b.1')).toEqual({ kind: 'exited', code: 0 });
    expect(ran()).toBe('1-a.1\n1-b.1\n');
  });

  it('leaves nothing to its successor when it dies with an attempt that it has not taken', async () => {
    await step('1-a.1');
    const pid = await waiting();
    process.kill(pid, 'SIGSTOP');
    const refused = expect(step('1-b.1')).rejects.toBeInstanceOf(ClaimRefused);
    // it has the output open: it has told the supervisor, and waits for it
    await eventually(() => {
      const [claimer = ''] = readFileSync(join(folder, 'root/r1/1-b.1/claim'), 'utf8').split(' ');
      expect(existsSync(`/proc/${claimer}/fd/5`)).toBe(true);
    });
    process.kill(pid, 'SIGKILL');
    await refused;
    expect(await step('1-c.1')).toEqual({ kind: 'exited', code: 0 });
    expect(await step('1-b.1')).toEqual({ kind: 'exited', code: 0 });
    expect(ran()).toBe('1-a.1\n1-c.1\n1-b.1\n');
  });
});

/** Processes with that variable that keep attempts, or will: each leads a session of its own. */
function supervisors(mark: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/u.test(name));
  return pids.filter((pid) => isSupervisor(pid, mark)).map(Number);
}

function isSupervisor(pid: string, mark: string): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return (
      words[0] === 'sh' &&
      words[3] === 'runbook-attempt' &&
      readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /su, '')
        .split(' ')[3] === pid &&
      readFileSync(`/proc/${pid}/environ`, 'utf8').includes(mark)
    );
  } catch {
    return false;
  }
}
