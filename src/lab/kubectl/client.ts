import { work } from '../clock.ts';
import { hasQuorum } from '../etcd-members.ts';
import { compareVersions } from '../releases.ts';
import type { Machine } from '../machine.ts';
import type { ToolContext } from '../shell/shell.ts';
import { controlPlanes, type World } from '../world.ts';
import { flag, type KubectlCall } from './flags.ts';

/** Milliseconds of simulated work until it asks. */
export const kubectlWork = 40;

/** kubectl ends: what goes to stderr, and the exit code. */
export class KubectlError extends Error {
  override readonly name = 'KubectlError';
  readonly code: number;
  constructor(message: string, code = 1) {
    super(message);
    this.code = code;
  }
}

function refused(server: string): KubectlError {
  return new KubectlError(
    `The connection to the server ${server} was refused - did you specify the right host or port?`,
  );
}

/** Who asks, and from where. */
type Caller = Pick<ToolContext, 'world' | 'machine' | 'env' | 'uid'>;

/**
 * The control plane whose API server answers a call.
 * @throws KubectlError as kubectl fails where there is no kubeconfig, no permission or nothing listens
 */
export async function apiServerFor(context: Caller, call: KubectlCall): Promise<Machine> {
  const kubeconfig = await readKubeconfig(context, call);
  const server = (flag(call, 'server') ?? kubeconfig.server).replace(/^https?:\/\//, '').replace(/\/$/, '');
  const found = serverAt(context.world, server, context.machine);
  if (!found) throw refused(server);
  requireQuorum(context.world);
  return found;
}

/** The control plane whose API server answers at `host:port`; `caller`: the machine that asks. */
function serverAt(world: World, server: string, caller?: Machine): Machine | undefined {
  const host = server.replace(/:\d+$/, '');
  const up = controlPlanes(world).filter((machine) => machine.apiServerReady());
  if (server === world.cluster.endpoint) return up[0];
  const isLocal = (host === 'localhost' || host === '127.0.0.1') && server.endsWith(':6443');
  return up.find((machine) => machine.ip === host || machine.name === host || (isLocal && machine === caller));
}

/** Whether kubectl of root on a machine gets an answer, in its time, and no fault is planted that could strike it. */
export async function isApiAnswering(world: World, machine: Machine, kubeconfig: string): Promise<boolean> {
  if (machine.audit.faults.length > 0 || machine.program('kubectl') === undefined) return false;
  const call = { words: [], flags: new Map([['kubeconfig', [kubeconfig]]]), rest: [] };
  await work(world.clock, kubectlWork);
  try {
    await apiServerFor({ world, machine, env: {}, uid: 0 }, call);
    return true;
  } catch (error) {
    if (error instanceof KubectlError) return false;
    throw error;
  }
}

/** The versions of the API servers at these places (`host:port`), in their order; undefined: not all of them answer. */
export function answeringApiServers(world: World, places: readonly string[]): readonly string[] | undefined {
  if (!hasQuorum(world)) return undefined;
  const found = places.map((place) => serverAt(world, place));
  return found.every((machine) => machine !== undefined) ? found.map(apiVersionOf) : undefined;
}

/** Without a majority of etcd members the API server answers nothing. @throws KubectlError */
function requireQuorum(world: World): void {
  if (!hasQuorum(world)) throw new KubectlError('Error from server: etcdserver: request timed out');
}

async function readKubeconfig(context: Caller, call: KubectlCall): Promise<{ server: string }> {
  const { fs } = context.machine;
  const named = flag(call, 'kubeconfig') ?? context.env['KUBECONFIG'];
  const home = `${context.env['HOME'] ?? '/root'}/.kube/config`;
  const path = named ?? ((await fs.exists(home)) ? home : undefined);
  if (path === undefined) {
    // kubectl itself looks at ~/.kube/config only; for root on a control plane the lab takes admin.conf as that
    if (context.uid === 0 && (await fs.exists('/etc/kubernetes/admin.conf')))
      return { server: `https://${context.machine.apiEndpoint}` };
    throw refused('localhost:8080');
  }
  if (!(await fs.exists(path))) {
    if (flag(call, 'kubeconfig') !== undefined)
      throw new KubectlError(`error: stat ${path}: no such file or directory`);
    throw refused('localhost:8080');
  }
  try {
    const text = await fs.readFile(path);
    return { server: /^\s*server:\s*(\S+)/m.exec(text)?.[1] ?? `https://${context.machine.apiEndpoint}` };
  } catch {
    throw new KubectlError(`error: error loading config file "${path}": open ${path}: permission denied`);
  }
}

export function apiVersionOf(machine: Machine): string {
  return machine.staticPods.get('kube-apiserver')?.image.replace(/^.*:v/, '') ?? '';
}

/** The lowest and highest running API server. */
export function apiVersions(world: World): string[] {
  return controlPlanes(world).map(apiVersionOf).sort(compareVersions);
}

export function versionInfo(version: string): Record<string, string> {
  const [major = '1', minor = ''] = version.split('.');
  return {
    major,
    minor,
    gitVersion: `v${version}`,
    gitCommit: '0000000000000000000000000000000000000000',
    gitTreeState: 'clean',
    buildDate: '2025-01-01T00:00:00Z',
    goVersion: 'go1.23.0',
    compiler: 'gc',
    platform: 'linux/amd64',
  };
}
