import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import ssh2, { type ParsedKey } from 'ssh2';
import { stringify } from 'yaml';
import type { Fault } from './audit.ts';
import { writeFiles } from './boot.ts';
import { realClock, type Clock } from './clock.ts';
import { Cluster } from './cluster.ts';
import { addressOf, endpointsOf } from './etcd-endpoints.ts';
import { becomeEtcd, syncStaticPods } from './etcd-process.ts';
import { type Distribution, Machine, type MachineRole } from './machine.ts';
import { LabShell, type ToolSet } from './shell/shell.ts';
import { createSshServer } from './ssh-server.ts';
import { readState, type LabState } from './state.ts';
import { tools } from './tools/tools.ts';
import { makeSpare } from './spare.ts';
import { readTwinFile } from './twin/file.ts';
import { createTwin } from './twin/twin.ts';
import { plantProblem } from './problems.ts';
import { defaultWorkloads, extraWorkloads, type WorkloadOption } from './workloads.ts';
import { machineNamed, members, type World } from './world.ts';

export interface LabOptions {
  /** A file of `runbook facts`: the lab is a twin of that cluster, and nothing else here but its times counts. */
  readonly from?: string;
  readonly controlPlanes?: number;
  readonly workers?: number;
  /** Further control planes, which have not joined the cluster. */
  readonly spareControlPlanes?: number;
  /** Further machines, which have not joined the cluster. */
  readonly spareWorkers?: number;
  /** How many machines of their own run etcd, under systemd; 0 or undefined: it is stacked on the control planes. */
  readonly externalEtcd?: number;
  /** The release of a stacked etcd, `3.4.13`; that of Kubernetes unless given. */
  readonly etcd?: string;
  /** The release of containerd on all nodes; the newest that the repositories have unless given. */
  readonly containerd?: string;
  /** A release the lab knows, without `v`. */
  readonly kubernetes?: string;
  /** Milliseconds of a round trip added to every connection. */
  readonly latency?: number;
  readonly workloads?: readonly WorkloadOption[];
  /** Of problems.ts: `swap`, `swap@worker-1`. */
  readonly problems?: readonly string[];
  /** Nodes by name, or `*` for all, with Rocky Linux and dnf in place of Debian. */
  readonly rocky?: readonly string[];
  /** The same with openSUSE and zypper. */
  readonly suse?: readonly string[];
  /** Default: real time at `timeScale`. */
  readonly clock?: Clock;
  /** Simulated durations are divided by it. */
  readonly timeScale?: number;
  /** Plain scripts are run by the lab's own interpreter, many times faster. */
  readonly quick?: boolean;
}

export interface LabNode {
  readonly name: string;
  readonly role: MachineRole;
  readonly host: string;
  readonly port: number;
  /** The host key as known_hosts has it: type and base64. */
  readonly hostKey: string;
}

/** A running lab. */
export interface Lab {
  readonly world: World;
  readonly nodes: readonly LabNode[];
  /** The only key that may log in, in OpenSSH format. */
  readonly privateKey: string;
  readonly user: string;
  knownHosts(): string;
  /** An inventory in YAML that names the given files. */
  inventory(identityFile: string, knownHosts: string): string;
  /** The same for `ssh -F`: `ssh -F ssh_config cp-1`. */
  sshConfig(identityFile: string, knownHosts: string): string;
  state(): Promise<LabState>;
  /** @throws RangeError for an unknown node */
  addFault(node: string, fault: Fault): void;
  close(): Promise<void>;
}

export const user = 'ops';
const apiEndpoint = '10.10.0.10:6443';
const defaultRelease = '1.31.9';

/** Builds a cluster, starts an SSH server per node on loopback, resolves when all of them listen. */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const world = await worldOf(options);
  const client = newKeyPair();
  const clientKey = parseKey(client.private);
  const servers: Server[] = [];
  const nodes: LabNode[] = [];
  for (const machine of listed(world)) {
    const host = newKeyPair();
    const server = createSshServer({ machine, hostKey: host.private, clientKey });
    const listener = (options.latency ?? 0) > 0 ? delayed(server, options.latency ?? 0, servers) : server;
    servers.push(listener);
    const port = await listen(listener);
    nodes.push({
      name: machine.alias,
      role: machine.role,
      host: '127.0.0.1',
      port,
      hostKey: host.public.split(' ').slice(0, 2).join(' '),
    });
  }
  return {
    world,
    nodes,
    privateKey: client.private,
    user,
    knownHosts: () => nodes.map((node) => `[${node.host}]:${node.port} ${node.hostKey}\n`).join(''),
    sshConfig: (identityFile, knownHosts) => sshConfigText(nodes, identityFile, knownHosts),
    inventory: (identityFile, knownHosts) => inventoryText(nodes, world, identityFile, knownHosts),
    state: () => readState(world),
    addFault: (name, fault) => {
      const machine = machineNamed(world, name);
      if (!machine)
        throw new RangeError(
          `the lab has no node ${name}; it has ${world.machines.map((other) => other.alias).join(', ')}`,
        );
      machine.audit.faults.push({ ...fault });
    },
    close: () => closeLab(world, servers),
  };
}

async function worldOf(options: LabOptions): Promise<World> {
  if (options.from === undefined) return createWorld(options);
  const clock = options.clock ?? realClock(options.timeScale ?? 1);
  return createTwin(await readTwinFile(options.from), { clock, file: options.from });
}

/** Those that one can log in to. */
function listed({ machines, source }: World): readonly Machine[] {
  return source ? machines.filter(({ alias }) => source.vars.has(alias)) : machines;
}

/** A simulated cluster without any server in front of it. `programs`: in place of the lab's own simulated tools. */
export async function createWorld(options: LabOptions, programs: ToolSet = tools): Promise<World> {
  const version = options.kubernetes ?? defaultRelease;
  const clock = options.clock ?? realClock(options.timeScale ?? 1);
  const shell = new LabShell(await import('just-bash'), programs, { quick: options.quick ?? false });
  const external = options.externalEtcd ?? 0;
  const machine = (role: MachineRole, index: number) => {
    const name = `${role === 'control-plane' ? 'cp' : role === 'other' ? 'etcd' : 'worker'}-${index + 1}`;
    return new Machine({
      name,
      distribution: distributionOf(options, name),
      role,
      ip: role === 'other' ? addressOf(index) : `10.10.0.${role === 'worker' ? 101 + index : 11 + index}`,
      apiEndpoint,
      version,
      clock,
      shell,
      ...(options.containerd === undefined ? {} : { containerd: options.containerd }),
      ...(external > 0 ? { etcdEndpoints: endpointsOf(external) } : {}),
    });
  };
  const [planes, sparePlanes] = [options.controlPlanes ?? 3, options.spareControlPlanes ?? 0];
  const [workers, spares] = [options.workers ?? 2, options.spareWorkers ?? 0];
  const machines = [
    ...Array.from({ length: planes + sparePlanes }, (_, index) => machine('control-plane', index)),
    ...Array.from({ length: workers + spares }, (_, index) => machine('worker', index)),
    ...Array.from({ length: external }, (_, index) => machine('other', index)),
  ];
  const world: World = {
    clock,
    machines,
    cluster: new Cluster(clock, machines, version, apiEndpoint, contentOf(options, machines)),
  };
  shell.attach(world);
  for (const each of machines) await writeFiles(each, version);
  const { etcd } = options;
  if (etcd !== undefined) for (const each of machines) await becomeEtcd(each, etcd);
  // Only now: the first manifests are no news to the kubelets.
  for (const each of machines) each.syncPods = () => syncStaticPods(each, world);
  const ofRole = (role: MachineRole) => machines.filter((each) => each.role === role);
  for (const each of [...ofRole('control-plane').slice(planes), ...ofRole('worker').slice(workers)])
    await makeSpare(world, each);
  for (const problem of options.problems ?? []) await plantProblem(world, problem);
  return world;
}

function contentOf({ workloads = [], kubernetes = defaultRelease }: LabOptions, machines: readonly Machine[]) {
  const workers = machines.filter((machine) => machine.role === 'worker').length;
  const [base, extra] = [defaultWorkloads(kubernetes, workers), extraWorkloads(workloads, workers)];
  return {
    workloads: [...base.workloads, ...extra.workloads],
    budgets: [...base.budgets, ...extra.budgets],
    naked: extra.naked,
  };
}

function distributionOf({ rocky = [], suse = [] }: LabOptions, name: string): Distribution {
  const has = (names: readonly string[]) => names.includes(name) || names.includes('*');
  return has(suse) ? 'suse' : has(rocky) ? 'rocky' : 'debian';
}

/** ssh2 now and then writes an ed25519 key that it cannot read itself: such a one is thrown away. */
function newKeyPair(): { readonly public: string; readonly private: string } {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519', { comment: 'runbook-lab' });
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error)) return pair;
  }
}

function parseKey(text: string): ParsedKey {
  const key = ssh2.utils.parseKey(text);
  if (key instanceof Error) throw key;
  return key;
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A listener in front of an SSH server that holds every chunk back for half a round trip. */
function delayed(inner: ssh2.Server, latency: number, servers: Server[]): Server {
  const innerServer = inner as unknown as Server;
  servers.push(innerServer);
  const innerPort = listen(innerServer);
  return createServer((outside) => {
    void innerPort.then((port) => {
      const inside = createConnection(port, '127.0.0.1');
      pipeDelayed(outside, inside, latency / 2);
      pipeDelayed(inside, outside, latency / 2);
    });
  });
}

function pipeDelayed(from: Socket, to: Socket, ms: number): void {
  from.setNoDelay(true);
  from.on('data', (chunk) => setTimeout(() => to.writable && to.write(chunk), ms));
  from.on('end', () => setTimeout(() => to.end(), ms));
  from.on('error', () => to.destroy());
  from.on('close', () => setTimeout(() => to.destroy(), ms));
}

async function closeLab(world: World, servers: readonly Server[]): Promise<void> {
  for (const machine of world.machines) {
    machine.attempts.interruptAll();
    for (const process of machine.running) process.kill();
    machine.dropConnections();
  }
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
}

/** As replace-workers.yaml and replace-control-planes.yaml ask for them. */
function groupsOf(world: World): Readonly<Record<string, readonly string[]>> | undefined {
  const nodes = new Set(members(world));
  const names = (machines: readonly Machine[]) => machines.map((machine) => machine.alias);
  const pair = (role: MachineRole, ending: string) => {
    const machines = world.machines.filter((machine) => machine.role === role);
    const spares = machines.filter((machine) => !nodes.has(machine));
    if (spares.length === 0) return {};
    return {
      [`new${ending}`]: names(spares),
      [`old${ending}`]: names(machines.filter((machine) => nodes.has(machine))),
    };
  };
  const groups = { ...pair('worker', ''), ...pair('control-plane', '-control-planes') };
  return Object.keys(groups).length > 0 ? groups : undefined;
}

function groupsWith(groups: Readonly<Record<string, readonly string[]>>) {
  return Object.keys(groups).length > 0 ? groups : undefined;
}

function inventoryText(nodes: readonly LabNode[], world: World, identityFile: string, knownHosts: string): string {
  const { source } = world;
  const groups = source ? groupsWith(source.groups) : groupsOf(world);
  const varsOf = (name: string) => {
    const vars = source?.vars.get(name) ?? {};
    return Object.keys(vars).length > 0 ? { vars } : {};
  };
  const inventory = {
    apiVersion: 'runbook/v1',
    kind: 'Inventory',
    cluster: source?.cluster ?? 'lab',
    ssh: { config: false, user, identityFile, knownHosts },
    become: { method: 'sudo' },
    nodes: nodes.map(({ name, host, role, port }) => ({ name, host, role, ssh: { port }, ...varsOf(name) })),
    ...(groups && { groups }),
  };
  return `# Written by \`runbook lab up\`: a simulated cluster on this machine.\n${stringify(inventory)}`;
}

function sshConfigText(nodes: readonly LabNode[], identityFile: string, knownHosts: string): string {
  const hosts = nodes.map(({ name, host, port }) => `Host ${name}\n  HostName ${host}\n  Port ${port}\n`);
  const all = `Host *\n  User ${user}\n  IdentityFile "${identityFile}"\n  IdentitiesOnly yes\n  UserKnownHostsFile "${knownHosts}"\n`;
  return `# Written by \`runbook lab up\`: ssh -F this-file cp-1\n${[...hosts, all].join('')}`;
}
