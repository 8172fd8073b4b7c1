import { existsSync } from 'node:fs';
import ssh2 from 'ssh2';
import type { IdentityCallback, ParsedKey, SignCallback, SigningRequestOptions } from 'ssh2';
import { agentKeys, type AgentKey } from './agent.ts';
import { expandHome } from './host-key.ts';
import { FIDO, firstKey, isCertificate, isFido, readKeyFile, type KeyFile } from './key-file.ts';
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
  | { readonly kind: 'agent'; readonly agent: OneOfAgent }
  | { readonly kind: 'unusable'; readonly why: string };

export type ReadSecret = (source: SecretSource, question: string) => Promise<string>;

/**
 * What to log in with, best first: identity files (an encrypted one, or a `.pub`, by the agent that holds the key, so
 * that no one is asked), then the agent's other keys. `notes` say what could not be used.
 */
export async function identitiesOf(
  login: Login,
  readSecret: ReadSecret,
): Promise<{ identities: Identity[]; notes: string[] }> {
  const notes: string[] = [];
  const held = await keysOfAgent(login, notes);
  const identities: Identity[] = [];
  const named: Buffer[] = [];
  for (const file of login.identityFiles) {
    const loaded = await readKeyFile(file);
    if (existsSync(`${expandHome(file)}-cert.pub`)) notes.push(`${file}-cert.pub: ${CERTIFICATE}`);
    if (loaded.publicKey) named.push(loaded.publicKey);
    const identity = identityOf(file, loaded, held, login, readSecret);
    if (typeof identity === 'string') notes.push(`${file}: ${identity}`);
    else identities.push(identity);
  }
  for (const file of login.certificateFiles ?? []) notes.push(`${file}: ${CERTIFICATE}`);
  const others = login.identitiesOnly === true ? [] : (held ?? []);
  for (const key of others) {
    if (named.some((publicKey) => publicKey.equals(key.publicKey))) continue;
    const label = `agent (${key.comment || fingerprint(key.publicKey)})`;
    const identity = agentIdentity(key, label, login);
    if (typeof identity === 'string') notes.push(`${label}: ${identity}`);
    else identities.push(identity);
  }
  return { identities, notes };
}

const CERTIFICATE = 'is a certificate, which ssh2 cannot use: set ssh.transport: openssh';

/** One identity file: what to try, or why not. `held`: the agent's keys, undefined where no agent answers. */
function identityOf(
  file: string,
  loaded: KeyFile,
  held: readonly AgentKey[] | undefined,
  login: Login,
  readSecret: ReadSecret,
): Identity | string {
  const same = loaded.publicKey && held?.find((key) => loaded.publicKey?.equals(key.publicKey));
  const mayOpen = login.agentOnly !== true;
  if (loaded.kind === 'private' && mayOpen) {
    return { label: file, open: () => Promise.resolve({ kind: 'key', key: loaded.key }) };
  }
  if (same) return agentIdentity(same, `${file} (agent)`, login);
  if (loaded.kind === 'unusable') return loaded.why;
  if (loaded.publicKey && isFido(loaded.publicKey)) return FIDO;
  if (loaded.publicKey && isCertificate(loaded.publicKey)) return CERTIFICATE;
  const elsewhere = whetherHeld(loaded, held);
  if (loaded.kind === 'public') return `${loaded.why}, and ${elsewhere}`;
  if (loaded.kind === 'private' || !mayOpen) return `only the agent's keys are wanted, and ${elsewhere}`;
  return { label: file, open: () => openEncrypted(file, loaded, elsewhere, login, readSecret) };
}

function whetherHeld(loaded: KeyFile, held: readonly AgentKey[] | undefined): string {
  if (!held) return 'there is no agent';
  return loaded.publicKey
    ? 'the agent does not hold it'
    : 'whether the agent holds it cannot be known without its .pub';
}

function agentIdentity({ publicKey }: AgentKey, label: string, login: Login): Identity | string {
  if (isCertificate(publicKey)) return CERTIFICATE;
  const key = firstKey(publicKey);
  if (!key || login.agentSocket === undefined) return isFido(publicKey) ? FIDO : 'ssh2 cannot use keys of this type';
  const agent = oneOfAgent(ssh2.createAgent(expandHome(login.agentSocket)), key);
  return { label, open: () => Promise.resolve({ kind: 'agent', agent }) };
}

/** An agent of which one key is offered: each wrong one costs a round trip and one of sshd's MaxAuthTries. */
export interface OneOfAgent extends ssh2.BaseAgent<ParsedKey> {
  /** The server took the key and got its signature: what it refuses afterwards is not this key. */
  readonly signed: boolean;
}

/** The class is made on call: the one that it extends is not loaded with this file. */
function oneOfAgent(of: ssh2.BaseAgent, one: ParsedKey): OneOfAgent {
  return new (class extends ssh2.BaseAgent<ParsedKey> {
    signed = false;
    override getIdentities(callback: IdentityCallback<ParsedKey>): void {
      callback(undefined, [one]);
    }
    override sign(
      key: ParsedKey,
      data: Buffer,
      options: SigningRequestOptions | SignCallback,
      callback?: SignCallback,
    ): void {
      const done = typeof options === 'function' ? options : callback;
      of.sign(key, data, typeof options === 'function' ? {} : options, (error, signature) => {
        this.signed = !error;
        done?.(error, signature);
      });
    }
  })();
}

async function keysOfAgent(login: Login, notes: string[]): Promise<AgentKey[] | undefined> {
  if (login.agentSocket === undefined) {
    if (login.agentOnly === true) notes.push('agent: only its keys are wanted, and $SSH_AUTH_SOCK names none');
    return undefined;
  }
  try {
    const keys = await agentKeys(login.agentSocket);
    if (keys.length === 0) notes.push('agent: it holds no keys');
    return keys;
  } catch (error) {
    notes.push(`agent: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

type Encrypted = Extract<KeyFile, { kind: 'encrypted' }>;

/** Opening one takes most of a second of CPU: once per process and file. */
const opened = new Map<string, Promise<Credential>>();

function openEncrypted(
  file: string,
  loaded: Encrypted,
  elsewhere: string,
  { passphrase: source }: Login,
  readSecret: ReadSecret,
): Promise<Credential> {
  if (source === undefined) {
    const why = `is encrypted, no passphraseFrom is given, and ${elsewhere}`;
    return Promise.resolve({ kind: 'unusable', why });
  }
  const id = `${source}\n${file}\n${loaded.id}`;
  const credential = opened.get(id) ?? decrypt(file, loaded, source, readSecret);
  opened.set(id, credential);
  return credential;
}

async function decrypt(
  file: string,
  loaded: Encrypted,
  source: SecretSource,
  readSecret: ReadSecret,
): Promise<Credential> {
  const key = loaded.open(await readSecret(source, `Passphrase of ${file}`));
  if (key) return { kind: 'key', key };
  return { kind: 'unusable', why: `the passphrase from ${source} does not open it` };
}
