import { join, resolve } from 'node:path';
import { userInfo } from 'node:os';
import type { Inventory } from '../documents/model.ts';
import { realClock } from '../engine/clock.ts';
import { Links } from '../engine/links.ts';
import { LOCAL } from '../plan/hosts.ts';
import { Observer } from '../engine/observe.ts';
import { Failure } from '../failure.ts';
import { openRemoteNode } from '../remote/client.ts';
import { LocalTransport } from '../transport/local.ts';
import { connectAll } from '../transport/pool.ts';
import { sharingChannels } from '../transport/shared-channels.ts';
import type { ConnectFailure, Target } from '../transport/transport.ts';
import type { Valid } from './load.ts';
import { Targets } from './targets.ts';
import type { Console } from './console.ts';
import { whyNotReady } from './readiness.ts';

/** Milliseconds for which a lost node is dialled again: a reboot takes minutes. */
const RECONNECT_FOR = 10 * 60_000;
/** The same where nothing is changed: who waits for it can ask again. */
const LOOK_AGAIN_FOR = 20_000;

/** The links to the nodes, and what reads facts over them. */
export interface Connection {
  readonly links: Links;
  readonly observer: Observer;
  /** Those of the nodes that did not answer, where that is allowed. */
  readonly missing?: readonly string[];
}

export interface ConnectOptions {
  readonly inventory: Valid<Inventory>;
  readonly nodes: readonly string[];
  readonly minors: readonly string[];
  readonly stateDir: string;
  /** Dial a lost node for minutes; where nothing is changed (plan, preflight), only for seconds. */
  readonly reconnect?: boolean;
  /** Only looks at locks: a folder that cannot be written now is no reason not to. */
  readonly onlyLocks?: boolean;
  /** A resume continues without nodes that do not answer now; the engine dials them when it needs them. */
  readonly allowMissing?: boolean;
  /** A look continues without these, if they do not answer. */
  readonly optional?: ReadonlySet<string>;
}

/** Connects to all nodes in parallel. @throws Failure (unreachable) with every node that fails */
export async function connectNodes(console: Console, options: ConnectOptions): Promise<Connection> {
  const inventory = options.inventory.value;
  const localRoot = join(resolve(options.stateDir), 'local');
  const targets = new Targets(console, inventory);
  // The SSH client loads while ssh_config is asked.
  const [wanted, { TransportByLogin }] = await Promise.all([
    targets.all(options.nodes),
    import('../transport/by-login.ts'),
  ]);
  const byLogin = new TransportByLogin({
    onOpenssh: ({ name }, reason) => console.info(`${name}: uses OpenSSH's client, because ${reason}`),
    notice: (text) => console.warn(text),
  });
  const transport = sharingChannels(byLogin);
  const links = new Links({
    dial: async (name) =>
      name === LOCAL ? new LocalTransport().connect(localTarget()) : transport.connect(await targets.of(name)),
    open: (name, session) =>
      // How many local steps run at a time is the runbook's to say (`serial`).
      openRemoteNode(session, name === LOCAL ? { root: localRoot, attempts: Infinity } : { root: inventory.remoteDir }),
    clock: realClock,
    emit: console.emit,
    reconnectFor: options.reconnect === true ? RECONNECT_FOR : LOOK_AGAIN_FOR,
    onlyLooks: options.reconnect !== true,
  });
  const missing: string[] = [];
  if (wanted.length > 0) {
    console.emit({ type: 'connecting', nodes: options.nodes });
    const { sessions, failures } = await connectAll(wanted, transport, {
      onConnected: (target) => {
        console.emit({ type: 'connected', node: target.name });
      },
    });
    for (const [name, session] of sessions) links.adopt(name, session);
    missing.push(...options.nodes.filter((name) => !sessions.has(name)));
    const asked = options.onlyLocks === true ? [] : [...sessions.keys()];
    const unready = await Promise.all(
      asked.map((name) => whyNotReady(name, (work) => links.once(name, work), inventory.remoteDir)),
    );
    const all = [...failures, ...unready.filter((failure) => failure !== undefined)];
    const fatal = all.filter(({ reason, target }) => {
      const mayMiss = options.allowMissing === true || options.optional?.has(target) === true;
      return !mayMiss || (reason !== 'unreachable' && reason !== 'timeout');
    });
    if (fatal.length > 0) {
      await links.close();
      throw unreachable(fatal);
    }
  }
  const observer = new Observer(links, realClock, {
    nodes: inventory.nodes,
    kubectl: inventory.kubectl,
    minors: options.minors,
    ...(inventory.packages.baseUrl === undefined ? {} : { packagesBaseUrl: inventory.packages.baseUrl }),
  });
  return { links, observer, missing };
}

function localTarget(): Target {
  return {
    name: LOCAL,
    host: 'localhost',
    port: 0,
    user: userInfo().username,
    identityFiles: [],
    knownHosts: [],
    hostKeyChecking: 'strict',
    jump: [],
    become: { method: 'none' },
    connectTimeout: 10_000,
    keepaliveInterval: 0,
  };
}

function unreachable(failures: readonly ConnectFailure[]): Failure {
  const lines = failures.flatMap((failure) => [failure.message, ...failure.detail.map((line) => `  ${line}`)]);
  const count = failures.length === 1 ? 'a node' : `${failures.length} nodes`;
  return new Failure('unreachable', `cannot reach or trust ${count}; nothing was changed`, lines);
}
