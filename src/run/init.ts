import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Source } from '../documents/source.ts';
import { readDocument } from '../documents/text.ts';
import { Failure, messageOf } from '../failure.ts';
import { readAnsible } from '../init/ansible.ts';
import type { Found, Login, Read } from '../init/found.ts';
import { readK0sctl } from '../init/k0sctl.ts';
import { readKubeone } from '../init/kubeone.ts';
import { foundFrom } from '../init/node-objects.ts';
import { readSshConfig } from '../init/ssh-config.ts';
import { askByHost, askByKubectl } from './ask-cluster.ts';
import type { AtEnd, Console } from './console.ts';
import { showDiagnostics } from './load.ts';
import { type CommonOptions, stateDir } from './options.ts';

/** What `--from` can name. */
export const FORMATS = ['kubeconfig', 'ansible', 'kubeone', 'k0sctl', 'ssh-config'] as const;
type Format = (typeof FORMATS)[number];

export interface InitOptions extends CommonOptions {
  readonly from?: Format;
  readonly host?: string;
  readonly out: string;
  readonly user?: string;
  readonly identityFile: readonly string[];
  readonly knownHosts: readonly string[];
}

/** Where the nodes come from, and the command that says so again. */
export type InitSource = { readonly command: string } & (
  | { readonly kind: 'host'; readonly user?: string; readonly host: string; readonly port?: number }
  | { readonly kind: 'kubeconfig'; readonly file?: string }
  | { readonly kind: Exclude<Format, 'kubeconfig'>; readonly file: string }
);

/** @throws Failure (usage) */
export function sourceOf(file: string | undefined, { from, host }: InitOptions): InitSource {
  if (host !== undefined) {
    if (from !== undefined || file !== undefined) throw new Failure('usage', 'give either --host or --from, not both');
    return { kind: 'host', command: `runbook init --host ${host}`, ...hostParts(host) };
  }
  if (from === undefined && file !== undefined)
    throw new Failure('usage', `which kind of file is ${file}?`, [`Name it by --from: ${FORMATS.join(', ')}`]);
  if (from !== undefined && from !== 'kubeconfig') {
    if (file === undefined) throw new Failure('usage', `--from ${from} needs a file: runbook init --from ${from} FILE`);
    return { kind: from, file, command: `runbook init --from ${from} ${file}` };
  }
  const isThere = file !== undefined || (process.env['KUBECONFIG'] ?? '') !== '' || existsSync(defaultKubeconfig());
  if (isThere) {
    const command = `runbook init --from kubeconfig${file === undefined ? '' : ` ${file}`}`;
    return { kind: 'kubeconfig', command, ...(file !== undefined && { file }) };
  }
  throw new Failure('usage', 'from what? There is neither $KUBECONFIG nor ~/.kube/config', [
    'runbook init --host ADDRESS              log in to a control plane and ask it',
    'runbook init --from kubeconfig FILE      ask the API by kubectl',
    'runbook init --from ansible FILE         an inventory of Ansible, INI or YAML, such as that of kubespray',
    'runbook init --from kubeone FILE         kubeone.yaml',
    'runbook init --from k0sctl FILE          k0sctl.yaml',
    'runbook init --from ssh-config FILE      an ssh_config, such as ~/.ssh/config',
    'Or write it by hand: inventory.example.yaml is one to start from.',
  ]);
}

function defaultKubeconfig(): string {
  return join(process.env['HOME'] || homedir(), '.kube/config');
}

function hostParts(text: string): { readonly user?: string; readonly host: string; readonly port?: number } {
  const match =
    /^(?:([^\s@:]+)@)?(?:\[([0-9A-Fa-f:.%]+)\]|([^\s@:[\]]+)|([0-9A-Fa-f:]+:[0-9A-Fa-f:.]+))(?::(\d+))?$/.exec(text);
  const [, user, bracketed, plain, bare, port] = match ?? [];
  const host = bracketed ?? plain ?? bare;
  if (host === undefined) throw new Failure('usage', `--host ${text} is not of the form [user@]host[:port]`);
  return { host, ...(user !== undefined && { user }), ...(port !== undefined && { port: Number(port) }) };
}

/**
 * @throws Failure (document) after it shows every problem of the file, (unreachable) where a cluster does not answer
 */
export async function findNodes(
  console: Console,
  atEnd: AtEnd,
  source: InitSource,
  options: InitOptions,
): Promise<Found> {
  switch (source.kind) {
    case 'kubeconfig': {
      const { objects, ...asked } = await askByKubectl(source.file);
      requireNodes(objects.length);
      return foundFrom(objects, { ...asked, ssh: loginOf(options) });
    }
    case 'host':
      return fromHost(console, atEnd, source, options);
    case 'ansible':
      return withVarsNote(await fromFile(console, source.file, readAnsible), source.file);
    case 'kubeone':
      return fromFile(console, source.file, readKubeone);
    case 'k0sctl':
      return fromFile(console, source.file, readK0sctl);
    case 'ssh-config':
      return fromFile(console, source.file, readSshConfig);
  }
}

async function fromFile(console: Console, file: string, read: (source: Source) => Read): Promise<Found> {
  const text = await readDocument(file);
  const { found, diagnostics } = text.ok
    ? read(new Source(file, text.value))
    : { found: undefined, diagnostics: [text.diagnostic] };
  showDiagnostics(console, diagnostics);
  if (!found) throw new Failure('document', `${file} could not be read`);
  return found;
}

/** Variables beside the inventory may say of users, ports and keys what the file does not. */
function withVarsNote(found: Found, file: string): Found {
  const folders = ['group_vars', 'host_vars'].filter((name) => existsSync(join(dirname(file), name)));
  if (folders.length === 0) return found;
  const note = `Not read: ${folders.join(' and ')} beside the inventory. What they say of users, ports and keys is missing here (ansible-inventory -i ${file} --list --yaml prints all of it, for --from ansible).`;
  return { ...found, notes: [...found.notes, note] };
}

async function fromHost(
  console: Console,
  atEnd: AtEnd,
  { user, host, port }: Extract<InitSource, { kind: 'host' }>,
  options: InitOptions,
): Promise<Found> {
  const given = loginOf(options);
  const login: Login = { ...given, ...(user !== undefined && { user }) };
  const ssh = { ...login, ...(port !== undefined && { port }) };
  const { objects, self } = await askByHost(console, atEnd, { host, ssh }, stateDir(options));
  requireNodes(objects.length);
  const isKnown = objects.find((one) => one.name === self)?.addresses.some(({ address }) => address === host) === true;
  // A port of the address that the API knows is likely that of all; one of a tunnel or a NAT is not.
  const shared = isKnown ? ssh : login;
  const found = foundFrom(objects, {
    ssh: shared,
    ...(self !== undefined && { reached: { node: self, host, ...(!isKnown && port !== undefined && { port }) } }),
  });
  const notes = [
    ...(isKnown
      ? []
      : [`The API does not know the address ${host}: those of the other nodes may lead nowhere from here.`]),
    ...(isKnown && port !== undefined ? [`Port ${port} was tried on ${self ?? host} only.`] : []),
    ...(self === undefined ? [`${host} is none of the Node objects: it is not listed.`] : []),
  ];
  return { ...found, notes: [...notes, ...found.notes] };
}

function requireNodes(count: number): void {
  if (count === 0) throw new Failure('unreachable', 'the cluster has no nodes');
}

/** What the options say of a login. */
export function loginOf({ user, identityFile, knownHosts }: InitOptions): Login {
  return {
    ...(user !== undefined && { user }),
    // Given from the folder of the command, which need not be that of the inventory.
    ...(identityFile.length > 0 && { identityFile: identityFile.map((file) => resolve(file)) }),
    ...(knownHosts.length > 0 && { knownHosts: knownHosts.map((file) => resolve(file)) }),
  };
}

/** @throws Failure (usage): no file is overwritten */
export function requireFree({ out, output }: InitOptions): void {
  if (out === '-' && output === 'json')
    throw new Failure('usage', '-o - prints the inventory on stdout, where --output json prints events: choose one');
  if (out !== '-' && existsSync(out)) throw notFree(out);
}

function notFree(file: string): Failure {
  return new Failure('usage', `${file} exists, and init overwrites nothing`, ['Give another file: -o FILE']);
}

/** @throws Failure (usage) */
export async function save(console: Console, out: string, text: string): Promise<void> {
  if (out === '-') {
    console.print(text);
    return;
  }
  try {
    const handle = await open(out, 'wx');
    try {
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') throw notFree(out);
    throw new Failure('usage', `cannot write ${out}: ${messageOf(error)}`);
  }
}
