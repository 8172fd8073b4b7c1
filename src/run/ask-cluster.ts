import { userInfo } from 'node:os';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { z } from 'zod';
import { loadInventory } from '../documents/inventory.ts';
import { isTrouble } from '../engine/trouble.ts';
import { parseJson } from '../facts/lib/kubectl.ts';
import { withoutV } from '../facts/lib/version.ts';
import { type NodeObject, nodes as nodesFact } from '../facts/nodes.ts';
import { Failure, messageOf } from '../failure.ts';
import { named } from '../init/names.ts';
import { connectNodes } from './connect.ts';
import type { AtEnd, Console } from './console.ts';
import type { Valid } from './load.ts';

/** What a cluster says of itself. */
export interface AskedCluster {
  readonly objects: readonly NodeObject[];
  readonly cluster?: string;
  /** The release of its API server, without `v`. */
  readonly version?: string;
}

/**
 * Asks the API by kubectl on this machine. @param kubeconfig undefined: as kubectl finds it
 * @throws Failure (unreachable)
 */
export async function askByKubectl(kubeconfig: string | undefined): Promise<AskedCluster> {
  const options = kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig];
  const ask = (...words: string[]) => kubectl([...options, '--request-timeout=20s', ...words]);
  const objects = nodesOf(await ask('get', 'nodes', '-o', 'json'));
  const version = parseJson(versionSchema, await ask('version', '-o', 'json')).serverVersion?.gitVersion;
  const context = parseJson(contextSchema, await ask('config', 'view', '--minify', '-o', 'json')).contexts?.[0]
    ?.context;
  return {
    objects,
    ...(context?.cluster !== undefined && { cluster: context.cluster }),
    ...(version !== undefined && { version: withoutV(version) }),
  };
}

const versionSchema = z.object({ serverVersion: z.object({ gitVersion: z.string() }).optional() });
const contextSchema = z.object({
  contexts: z.array(z.object({ context: z.object({ cluster: z.string().optional() }) })).nullish(),
});

function nodesOf(output: string): readonly NodeObject[] {
  try {
    return nodesFact.parse(output, { host: 'this machine', kubeconfig: '' });
  } catch (error) {
    throw new Failure('unreachable', `cannot read what kubectl says of the nodes: ${messageOf(error)}`);
  }
}

async function kubectl(words: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr, failed, code } = await execa('kubectl', words, {
    reject: false,
    stdin: 'ignore',
    timeout: 60_000,
    maxBuffer: 256 * 1024 * 1024,
  });
  if (!failed) return stdout;
  if (code === 'ENOENT') {
    throw new Failure('unreachable', 'there is no kubectl on this machine, which asks the API for its nodes', [
      'Install it, or let a control plane be asked: runbook init --host ADDRESS',
    ]);
  }
  throw new Failure('unreachable', `kubectl ${words.join(' ')} failed (${exitCode ?? 'it did not end in 60 s'})`, [
    ...stderr
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-5),
    'Try `kubectl get nodes` by hand, or let a control plane be asked: runbook init --host ADDRESS',
  ]);
}

/** How to log in to the control plane that is asked. */
export interface AskedHost {
  readonly host: string;
  readonly ssh: Readonly<Record<string, unknown>>;
}

export interface AskedByHost extends AskedCluster {
  /** The name of the Node object that the machine is; undefined where it is none of them. */
  readonly self?: string;
}

/**
 * Logs in to a control plane and asks kubectl there, with sudo unless the login is root.
 * @throws Failure (usage) for an address that is none, (unreachable) where it cannot be asked
 */
export async function askByHost(
  console: Console,
  atEnd: AtEnd,
  asked: AskedHost,
  stateDir: string,
): Promise<AskedByHost> {
  const { name } = named(asked.host);
  const inventory = inventoryOf(asked, name);
  const connection = await connectNodes(console, { inventory, nodes: [name], minors: [], stateDir });
  atEnd(() => connection.links.close());
  try {
    const facts = await connection.observer.read({ nodes: {} }, [name], ['machine', 'nodes']);
    const objects = facts.cluster?.nodes ?? [];
    const machineId = facts.nodes[name]?.machine?.machineId;
    const self = objects.find((one) => one.machineId === machineId)?.name;
    return { objects, ...(self !== undefined && { self }) };
  } catch (error) {
    if (error instanceof Failure || !isTrouble(error)) throw error;
    throw new Failure('unreachable', `${asked.host} does not say which nodes the cluster has: ${error.message}`, [
      'Is it a control plane of kubeadm? kubectl is asked there with /etc/kubernetes/admin.conf.',
      'Else start from a kubeconfig: runbook init --from kubeconfig FILE',
    ]);
  }
}

function inventoryOf({ host, ssh }: AskedHost, name: string): Valid<ReturnType<typeof valueOf>> {
  const text = stringify({
    apiVersion: 'runbook/v1',
    kind: 'Inventory',
    cluster: 'init',
    ssh,
    become: { method: (ssh['user'] ?? userInfo().username) === 'root' ? 'none' : 'sudo' },
    nodes: [{ name, host, role: 'control-plane' }],
  });
  const loaded = loadInventory('--host', text);
  return { ...loaded, value: valueOf(loaded, host) };
}

function valueOf(loaded: ReturnType<typeof loadInventory>, host: string) {
  if (loaded.value) return loaded.value;
  const why = loaded.diagnostics.map(
    ({ summary, detail }) => `${summary}${detail === undefined ? '' : ` (${detail})`}`,
  );
  throw new Failure('usage', `cannot log in to ${host} as given`, why);
}
