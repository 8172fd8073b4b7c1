import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSshd, type Sshd } from '../sshd/sshd.ts';
import { type Carried, type Line, openLine } from './line.ts';

/** A node of the comparison, as its peers are told of it. */
export interface FarmNode {
  readonly name: string;
  readonly port: number;
  readonly user: string;
  readonly identityFile: string;
}

/** Real OpenSSH servers on loopback, each behind a line that can be made long. */
export interface Farm {
  /** For what peers write. */
  readonly dir: string;
  readonly nodes: readonly FarmNode[];
  /** OpenSSH's, with an entry per node. */
  readonly sshConfig: string;
  readonly knownHosts: string;
  /** Each node numbers its processes for itself, so that what a step starts can be counted. */
  readonly countsProcesses: boolean;
  roundTrip(ms: number): Promise<void>;
  carried(): Promise<Carried>;
  stop(): Promise<void>;
}

const UNSHARE = 'unshare --pid --fork --kill-child --mount-proc';
/** unshare does not end by SIGTERM while it waits; its end ends all processes of its namespace. */
const OWN_PIDS = ['sh', '-c', `${UNSHARE} "$@" & trap "kill -9 $!" TERM; wait`, 'sh'];

export async function startFarm(count: number): Promise<Farm> {
  const dir = mkdtempSync(join(tmpdir(), 'runbook-bench-'));
  const servers: Sshd[] = [];
  const lines: Line[] = [];
  const stop = async (): Promise<void> => {
    await Promise.allSettled(lines.map((line) => line.stop()));
    await Promise.allSettled(servers.map((sshd) => sshd.stop()));
    rmSync(dir, { recursive: true, force: true });
  };
  const countsProcesses = spawnSync('sh', ['-c', `${UNSHARE} true`]).status === 0;
  try {
    for (let n = 0; n < count; n += 1) {
      // bash reads a .bashrc for every command of a new login, which would be charged to peers that open one per step.
      const sshd = await startSshd({ config: ['SetEnv SHLVL=2'], ...(countsProcesses && { wrap: OWN_PIDS }) });
      servers.push(sshd);
      lines.push(await openLine(sshd.port));
    }
    const nodes = servers.map(({ user, identityFile }, n): FarmNode => {
      return { name: `n${n + 1}`, port: lines[n]?.port ?? 0, user, identityFile };
    });
    const [sshConfig, knownHosts] = [join(dir, 'ssh_config'), join(dir, 'known_hosts')];
    const keys = servers.map(({ knownHosts: own }, n) =>
      readFileSync(own, 'utf8').replaceAll(/^\S+/gm, `[127.0.0.1]:${nodes[n]?.port}`),
    );
    writeFileSync(knownHosts, keys.join(''));
    const entry = ({ name, port, user, identityFile }: FarmNode): string =>
      `Host ${name}\n HostName 127.0.0.1\n Port ${port}\n User ${user}\n IdentityFile ${identityFile}\n`;
    const shared = ` IdentitiesOnly yes\n IdentityAgent none\n BatchMode yes\n StrictHostKeyChecking yes\n`;
    writeFileSync(sshConfig, `${nodes.map(entry).join('')}Host *\n${shared} UserKnownHostsFile ${knownHosts}\n`);
    return {
      dir,
      nodes,
      sshConfig,
      knownHosts,
      countsProcesses,
      roundTrip: async (ms) => void (await Promise.all(lines.map((line) => line.roundTrip(ms)))),
      carried: async () =>
        (await Promise.all(lines.map((line) => line.carried()))).reduce((sum, one) => ({
          up: sum.up + one.up,
          down: sum.down + one.down,
          turns: sum.turns + one.turns,
        })),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Where a program is, of those that a shell would find. */
export function found(program: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, program)));
}
