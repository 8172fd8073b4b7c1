import { readFile } from 'node:fs/promises';
import ssh2 from 'ssh2';
import type { IdentityCallback, ParsedKey, PublicKeyEntry, SignCallback, SigningRequestOptions } from 'ssh2';
import { expandHome } from './host-key.ts';
import { fingerprint } from './known-hosts.ts';
import type { Login, SecretSource } from './transport.ts';

/** One thing to try with publickey authentication. `open` may ask for a passphrase: it is called only in its turn. */
export interface Identity {
  /** For messages: `~/.ssh/id_ed25519`. */
  readonly label: string;
  open(): Promise<Credential>;
}
export type Credential =
  | { readonly kind: 'key'; readonly key: ParsedKey }
  | { readonly kind: 'agent'; readonly agent: ssh2.BaseAgent }
  | { readonly kind: 'unusable'; readonly why: string };

export type ReadSecret = (source: SecretSource, question: string) => Promise<string>;

/**
 * What to log in with, best first: identity files (an encrypted one by the agent, if it holds the key, so that no one
 * is asked), then the agent's other keys. `notes` say what could not be used.
 */
export async function identitiesOf(
  login: Login,
  readSecret: ReadSecret,
): Promise<{ identities: Identity[]; notes: string[] }> {
  const notes: string[] = [];
  const agent = login.agentSocket === undefined ? undefined : await askAgent(login.agentSocket, notes);
  let others = agent?.keys ?? [];
  const identities: Identity[] = [];
  for (const file of login.identityFiles) {
    const loaded = await loadFile(file);
    if (loaded.kind === 'error') {
      notes.push(`${file}: ${loaded.why}`);
    } else if (loaded.kind === 'plain') {
      const same = loaded.key.getPublicSSH();
      others = others.filter((key) => !key.getPublicSSH().equals(same));
      identities.push({ label: file, open: () => Promise.resolve({ kind: 'key', key: loaded.key }) });
    } else {
      const held = others.find((key) => loaded.publicKey !== undefined && key.getPublicSSH().equals(loaded.publicKey));
      others = others.filter((key) => key !== held);
      if (agent && held) {
        identities.push(agentIdentity(agent.agent, [held], `${file} (agent)`));
      } else {
        identities.push({ label: file, open: () => openEncrypted(file, loaded.text, login, readSecret) });
      }
    }
  }
  if (agent && others.length > 0) {
    identities.push(agentIdentity(agent.agent, others, `agent (${others.length} key${others.length > 1 ? 's' : ''})`));
  }
  return { identities, notes };
}

function agentIdentity(agent: ssh2.BaseAgent, keys: readonly ParsedKey[], label: string): Identity {
  return { label, open: () => Promise.resolve({ kind: 'agent', agent: new SomeOfAgent(agent, keys) }) };
}

/** An agent of which only some keys are offered: each wrong one costs a round trip and one of sshd's MaxAuthTries. */
class SomeOfAgent extends ssh2.BaseAgent<ParsedKey> {
  readonly #agent: ssh2.BaseAgent;
  readonly #keys: readonly ParsedKey[];
  constructor(agent: ssh2.BaseAgent, keys: readonly ParsedKey[]) {
    super();
    this.#agent = agent;
    this.#keys = keys;
  }
  override getIdentities(callback: IdentityCallback<ParsedKey>): void {
    callback(undefined, [...this.#keys]);
  }
  override sign(
    key: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    callback?: SignCallback,
  ): void {
    if (typeof options === 'function') this.#agent.sign(key, data, options);
    else this.#agent.sign(key, data, options, callback);
  }
}

async function askAgent(
  socket: string,
  notes: string[],
): Promise<{ agent: ssh2.BaseAgent; keys: ParsedKey[] } | undefined> {
  const agent = ssh2.createAgent(socket);
  return new Promise((resolve) => {
    agent.getIdentities((error, keys) => {
      const parsed = (keys ?? []).map(publicPart);
      const usable = parsed.filter((key): key is ParsedKey => !(key instanceof Error));
      if (error) notes.push(`agent: ${error.message}`);
      else if (usable.length === 0) notes.push('agent: it holds no keys');
      resolve(error ? undefined : { agent, keys: usable });
    });
  });
}

function publicPart(key: string | Buffer | ParsedKey | PublicKeyEntry): ParsedKey | Error {
  if (typeof key !== 'object' || !('pubKey' in key)) return firstKey(key);
  const inner = key.pubKey;
  return firstKey(typeof inner === 'object' && 'pubKey' in inner ? inner.pubKey : inner);
}

type LoadedFile =
  | { readonly kind: 'plain'; readonly key: ParsedKey }
  | { readonly kind: 'encrypted'; readonly text: Buffer; readonly publicKey: Buffer | undefined }
  | { readonly kind: 'error'; readonly why: string };

async function loadFile(file: string): Promise<LoadedFile> {
  const path = expandHome(file);
  let text: Buffer;
  try {
    text = await readFile(path);
  } catch (error) {
    return { kind: 'error', why: error instanceof Error && 'code' in error ? String(error.code) : 'cannot be read' };
  }
  const key = firstKey(text);
  if (!(key instanceof Error)) {
    return key.isPrivateKey() ? { kind: 'plain', key } : { kind: 'error', why: 'is a public key' };
  }
  if (!/encrypted/i.test(key.message)) return { kind: 'error', why: 'is not a private key that can be read' };
  const publicKey = firstKey(await readFile(`${path}.pub`).catch(() => ''));
  return { kind: 'encrypted', text, publicKey: publicKey instanceof Error ? undefined : publicKey.getPublicSSH() };
}

/** Opening one takes most of a second of CPU: once per process and file. */
const opened = new Map<string, Promise<Credential>>();

function openEncrypted(file: string, text: Buffer, login: Login, readSecret: ReadSecret): Promise<Credential> {
  const source = login.passphrase;
  if (source === undefined) {
    return Promise.resolve({
      kind: 'unusable',
      why: 'is encrypted and no passphraseFrom is given (nor does an agent hold it)',
    });
  }
  const id = `${source}\n${file}\n${fingerprint(text)}`;
  const credential = opened.get(id) ?? decrypt(file, text, source, readSecret);
  opened.set(id, credential);
  return credential;
}

async function decrypt(file: string, text: Buffer, source: SecretSource, readSecret: ReadSecret): Promise<Credential> {
  const key = firstKey(text, await readSecret(source, `Passphrase of ${file}`));
  if (key instanceof Error) return { kind: 'unusable', why: `the passphrase from ${source} does not open it` };
  return { kind: 'key', key };
}

/** The declared type forgets that OpenSSH's format yields an array. */
function firstKey(data: Buffer | string | ParsedKey, passphrase?: string): ParsedKey | Error {
  const parsed: ParsedKey | ParsedKey[] | Error = ssh2.utils.parseKey(data, passphrase);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  return key ?? new Error('no key in it');
}
