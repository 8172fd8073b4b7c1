import { isDeepStrictEqual } from 'node:util';
import { Document, isMap, isNode, isScalar } from 'yaml';
import type { Found, FoundNode, Jump, Login, NodeField } from './found.ts';

/** What the person who started `init` says, for all nodes of which the source says nothing else. */
export interface Given {
  readonly ssh: Login;
  /** How the file came to be: `runbook init --from ansible hosts.ini`. */
  readonly command: string;
}

export interface Written {
  readonly text: string;
  /** What is not known, as it is beside the fields, for people to read at once. */
  readonly unknown: readonly string[];
}

const CLUSTER_NOTE = 'not known: any name that you recognise; runs and locks are kept by it, so do not change it later';
const ROLE_NOTE = 'role: not known: control-plane, worker or other?';
const NO_USER = 'user: not known: your own name is used';
const RELATIVE = 'a relative path starts at the folder of this file';

/** The text of an inventory. What the source does not say is a comment at its place. */
export function writeInventory(found: Found, given: Given): Written {
  const nodes = found.nodes.map((node) => ({ ...node, ssh: { ...given.ssh, ...node.ssh } }));
  const common = commonOf(nodes.map(({ ssh }) => ssh));
  const lacksUser = nodes.some(({ ssh }) => ssh.user === undefined);
  const isRelative = nodes.some(({ ssh }) => hasRelative(ssh));
  const isMarked = lacksUser || isRelative;
  const isRoot = nodes.every(({ ssh }) => ssh.user === 'root');
  const become = isRoot ? { method: 'none' as const } : (found.become ?? { method: 'sudo' as const });
  const { note: becomeNote, ...becomeKeys } = { note: undefined, ...become };
  const document = new Document({
    apiVersion: 'runbook/v1',
    kind: 'Inventory',
    cluster: found.cluster ?? 'my-cluster',
    ...((Object.keys(common).length > 0 || isMarked) && { ssh: shorter(common) }),
    become: becomeKeys,
    nodes: nodes.map(({ name, host, role, ssh }) => {
      const own = rest(ssh, common);
      return { name, host, ...(role && { role }), ...(Object.keys(own).length > 0 && { ssh: own }) };
    }),
    ...(Object.keys(found.groups ?? {}).length > 0 && { groups: found.groups }),
  });
  const marks = new Marks(document);
  if (found.cluster === undefined) marks.beside(['cluster'], CLUSTER_NOTE, 'cluster: its name is not known');
  if (lacksUser) marks.above('ssh', NO_USER, `ssh: ${NO_USER}`);
  if (isRelative) marks.above('ssh', RELATIVE, `ssh: ${RELATIVE}`);
  if (becomeNote !== undefined) marks.beside(['become', 'method'], becomeNote, `become: ${becomeNote}`);
  nodes.forEach((node, index) => markNode(marks, node, index));
  for (const key of ['cluster', 'ssh', 'become', 'nodes', 'groups']) marks.space(key);
  const text = document.toString({ lineWidth: 0 });
  return { text: `${header(found, given)}${text}`, unknown: [...found.notes, ...marks.unknown()].map(oneLine) };
}

function header(found: Found, { command }: Given): string {
  const lines = [
    `Written by \`${command}\`.`,
    'What it could not know is marked here: look at each comment, then try `runbook plan smoke.yaml`.',
    ...found.notes,
  ];
  return `# yaml-language-server: $schema=./inventory.schema.json\n#\n${lines.map((line) => `# ${oneLine(line)}\n`).join('')}`;
}

function markNode(marks: Marks, { name, role, notes }: FoundNode, index: number): void {
  const fields: readonly NodeField[] = ['name', 'host', 'role'];
  for (const field of fields) {
    const note = notes[field];
    if (note !== undefined && (field !== 'role' || role))
      marks.beside(['nodes', index, field], note, `${field}: ${note}`, name);
  }
  if (!role) marks.below(index, ROLE_NOTE, 'role: not known; it counts as `other` until you give it', name);
  if (notes.ssh !== undefined) marks.below(index, `ssh: ${notes.ssh}`, `ssh: ${notes.ssh}`, name);
}

/** Comments in the document, and the same for the terminal, where equal ones are said once. */
class Marks {
  readonly #document: Document;
  readonly #texts = new Map<string, string[]>();

  constructor(document: Document) {
    this.#document = document;
  }

  beside(path: readonly (string | number)[], comment: string, text: string, node?: string): void {
    const scalar = this.#document.getIn(path, true);
    if (isScalar(scalar)) scalar.comment = ` ${oneLine(comment)}`;
    this.#add(text, node);
  }

  /** Below the last key of a node. */
  below(index: number, comment: string, text: string, node: string): void {
    const map = this.#document.getIn(['nodes', index], true);
    if (isNode(map)) map.comment = [map.comment, ` ${oneLine(comment)}`].filter(Boolean).join('\n');
    this.#add(text, node);
  }

  above(key: string, comment: string, text: string): void {
    const at = this.#key(key);
    if (at) at.commentBefore = [at.commentBefore, ` ${comment}`].filter(Boolean).join('\n');
    this.#add(text);
  }

  space(key: string): void {
    const at = this.#key(key);
    if (at) at.spaceBefore = true;
  }

  unknown(): string[] {
    return [...this.#texts].map(([text, nodes]) => (nodes.length === 0 ? text : `${listed(nodes)}: ${text}`));
  }

  #add(text: string, node?: string): void {
    this.#texts.set(text, [...(this.#texts.get(text) ?? []), ...(node === undefined ? [] : [node])]);
  }

  #key(key: string) {
    const { contents } = this.#document;
    if (!isMap(contents)) return undefined;
    const found = contents.items.map((pair) => pair.key).find((one) => isScalar(one) && one.value === key);
    return isScalar(found) ? found : undefined;
  }
}

function listed(nodes: readonly string[]): string {
  return nodes.length > 4 ? `${nodes.slice(0, 3).join(', ')} and ${nodes.length - 3} more` : nodes.join(', ');
}

/** A comment ends with its line: nothing of another file may begin a line of this one. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
}

/** What every login has, with the value of more than half of them, is said once; the others say their own. */
function commonOf(logins: readonly Login[]): Login {
  const [first = {}] = logins;
  const shared = Object.keys(first).flatMap((key) => {
    const values = logins.map((login) => valueOf(login, key));
    if (values.includes(undefined)) return [];
    const count = (value: unknown) => values.filter((other) => isDeepStrictEqual(other, value)).length;
    const most = values.find((value) => count(value) * 2 > values.length);
    return most === undefined ? [] : [[key, most] as const];
  });
  return Object.fromEntries(shared);
}

/** As inventory.example.yaml has them. */
const ORDER = ['user', 'port', 'identityFile', 'passwordFrom', 'knownHosts', 'jump'];

function rest(login: Login, common: Login): Readonly<Record<string, unknown>> {
  const own = Object.entries(login).filter(([key, value]) => !isDeepStrictEqual(valueOf(common, key), value));
  return shorter(Object.fromEntries(own));
}

function valueOf(login: Login, key: string): unknown {
  return Object.entries(login).find(([name]) => name === key)?.[1];
}

/** One key alone is no list, and a jump host without a key of its own is `user@host:port`. */
function shorter(login: Login): Readonly<Record<string, unknown>> {
  const sorted = Object.entries(login).toSorted(([a], [b]) => ORDER.indexOf(a) - ORDER.indexOf(b));
  const entries = sorted.map(([key, value]: [string, unknown]) => {
    if (key === 'jump' && Array.isArray(value)) return [key, value.map(jumpText)];
    return [key, Array.isArray(value) && value.length === 1 ? value[0] : value];
  });
  return Object.fromEntries(entries);
}

function jumpText(jump: string | Jump): unknown {
  if (typeof jump === 'string') return jump;
  if (jump.identityFile)
    return { ...jump, identityFile: jump.identityFile.length === 1 ? jump.identityFile[0] : jump.identityFile };
  const host = jump.host.includes(':') ? `[${jump.host}]` : jump.host;
  return `${jump.user === undefined ? '' : `${jump.user}@`}${host}${jump.port === undefined ? '' : `:${jump.port}`}`;
}

function hasRelative({ identityFile = [], knownHosts = [], jump = [] }: Login): boolean {
  const keys = jump.flatMap((one) => (typeof one === 'string' ? [] : (one.identityFile ?? [])));
  return [...identityFile, ...knownHosts, ...keys].some((file) => !/^[~/]/.test(file));
}
