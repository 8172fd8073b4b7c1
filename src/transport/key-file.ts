import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import ssh2 from 'ssh2';
import type { ParsedKey } from 'ssh2';
import { expandHome } from './host-key.ts';
import { fingerprint, keyType } from './known-hosts.ts';
import { decryptOpensshKey, ed25519Key, isOwnCipher, readOpensshKey } from './openssh-key.ts';

/** What an identity file holds. `publicKey` is in wire form (RFC 4253 section 6.6), undefined where it is not known. */
export type KeyFile =
  | { readonly kind: 'private'; readonly publicKey: Buffer; readonly key: ParsedKey }
  | {
      readonly kind: 'encrypted';
      readonly publicKey: Buffer | undefined;
      /** Of what the file holds: another text is another key. */
      readonly id: string;
      /** Takes most of a second of CPU. @returns undefined: not the right passphrase */
      open(passphrase: string): ParsedKey | undefined;
    }
  /** The private key may be in an agent. */
  | { readonly kind: 'public'; readonly publicKey: Buffer; readonly why: string }
  | { readonly kind: 'unusable'; readonly publicKey: Buffer | undefined; readonly why: string };

/** Reads an identity file and, where that does not say the public key, the `.pub` beside it. Never throws. */
export async function readKeyFile(file: string): Promise<KeyFile> {
  const path = expandHome(file);
  const beside = async (): Promise<Buffer | undefined> => publicKeyOf(await readFile(`${path}.pub`).catch(() => ''));
  let text: Buffer;
  try {
    text = await readFile(path);
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'cannot be read';
    const publicKey = await beside();
    return publicKey ? { kind: 'public', publicKey, why } : { kind: 'unusable', publicKey, why };
  }
  const found = parseKeyFile(text, file);
  if (found.kind === 'private' || found.kind === 'public' || found.publicKey) return found;
  return { ...found, publicKey: await beside() };
}

/** The formats of private keys that OpenSSH reads, and public keys. `file` is for messages. */
export function parseKeyFile(text: Buffer, file: string): KeyFile {
  const [block, label, body] =
    /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----\s(.*?)-----END \1-----/s.exec(text.toString('latin1')) ?? [];
  if (block !== undefined && label === 'OPENSSH PRIVATE KEY') return parseOpenssh(block, body ?? '');
  if (block !== undefined) return parsePem(block);
  if (text.includes('PuTTY-User-Key-File-')) return parsePutty(text, file);
  const publicKey = publicKeyOf(text);
  if (publicKey) return { kind: 'public', publicKey, why: 'is a public key' };
  return { kind: 'unusable', publicKey, why: 'is not a private key that can be read' };
}

function parseOpenssh(block: string, body: string): KeyFile {
  const read = readOpensshKey(body);
  if (!read) return { kind: 'unusable', publicKey: undefined, why: "is damaged: not a key in OpenSSH's format" };
  const { publicKey } = read;
  const type = keyType(publicKey);
  if (type.startsWith('sk-')) return { kind: 'unusable', publicKey, why: FIDO };
  if (read.cipher === 'none') return privateKey(firstKey(block)) ?? { kind: 'unusable', publicKey, why: notHere(type) };
  const open = (passphrase: string): ParsedKey | undefined => {
    if (!isOwnCipher(read)) return firstKey(block, passphrase);
    const clear = decryptOpensshKey(read, passphrase);
    const key = clear === undefined ? undefined : firstKey(clear);
    return key?.getPublicSSH().equals(publicKey) === true ? key : undefined;
  };
  return { kind: 'encrypted', publicKey, id: fingerprint(Buffer.from(block)), open };
}

/** PKCS#1, SEC1 and PKCS#8, encrypted ones too, by Node's OpenSSL; ssh2 gets the form that it reads. */
function parsePem(block: string): KeyFile {
  if (/^-----BEGIN ENCRYPTED |^Proc-Type: *4,ENCRYPTED/m.test(block)) {
    const open = (passphrase: string): ParsedKey | undefined => {
      const key = keyObject(block, passphrase);
      return key === undefined ? undefined : converted(key);
    };
    return { kind: 'encrypted', publicKey: undefined, id: fingerprint(Buffer.from(block)), open };
  }
  const key = keyObject(block);
  if (!key) return { kind: 'unusable', publicKey: undefined, why: 'is damaged: OpenSSL cannot read it' };
  const why = notHere(key.asymmetricKeyType ?? 'unknown');
  return privateKey(converted(key)) ?? { kind: 'unusable', publicKey: undefined, why };
}

function keyObject(block: string, passphrase?: string): KeyObject | undefined {
  try {
    return createPrivateKey({ key: block, format: 'pem', ...(passphrase === undefined ? {} : { passphrase }) });
  } catch {
    return undefined;
  }
}

function converted(key: KeyObject): ParsedKey | undefined {
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return firstKey(key.export({ format: 'pem', type: 'pkcs1' }));
    case 'ec':
      return firstKey(key.export({ format: 'pem', type: 'sec1' }));
    case 'ed25519': {
      const { d, x } = key.export({ format: 'jwk' });
      if (d === undefined || x === undefined) return undefined;
      return firstKey(ed25519Key(Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')));
    }
    default:
      return undefined;
  }
}

/** ssh2 reads the older of PuTTY's formats, with RSA keys in it. */
function parsePutty(text: Buffer, file: string): KeyFile {
  const parsed = ssh2.utils.parseKey(text);
  if (!(parsed instanceof Error)) {
    const found = privateKey(firstKey(text));
    if (found) return found;
  } else if (parsed.message.startsWith('Encrypted PPK')) {
    const open = (passphrase: string): ParsedKey | undefined => firstKey(text, passphrase);
    return { kind: 'encrypted', publicKey: undefined, id: fingerprint(text), open };
  }
  const target = file.replace(/\.ppk$/i, '');
  const into = target === file ? `${file}.openssh` : target;
  const why = `is a key of PuTTY; convert it: puttygen ${file} -O private-openssh -o ${into}`;
  return { kind: 'unusable', publicKey: undefined, why };
}

function privateKey(key: ParsedKey | undefined): KeyFile | undefined {
  return key?.isPrivateKey() === true ? { kind: 'private', publicKey: key.getPublicSSH(), key } : undefined;
}

export const FIDO = 'is a FIDO key, which asks for a touch: set ssh.transport: openssh';
const notHere = (type: string): string => `is a key of type ${type}, which ssh2 cannot use: set ssh.transport: openssh`;

/** The key of a `.pub` file, a certificate's and a FIDO key's too. */
export function publicKeyOf(text: Buffer | string): Buffer | undefined {
  const [, type, base64] = /^\s*((?:ssh|ecdsa|sk)-[\w@.-]+)[ \t]+([A-Za-z0-9+/=]+)/.exec(text.toString('latin1')) ?? [];
  if (type === undefined || base64 === undefined) return undefined;
  const key = Buffer.from(base64, 'base64');
  return keyType(key) === type ? key : undefined;
}

export const isCertificate = (publicKey: Buffer): boolean => /-cert-v\d+@openssh\.com$/.test(keyType(publicKey));
export const isFido = (publicKey: Buffer): boolean => keyType(publicKey).startsWith('sk-');

/** What ssh2 makes of a key. The declared type forgets that OpenSSH's format yields an array. */
export function firstKey(data: Buffer | string, passphrase?: string): ParsedKey | undefined {
  const parsed: ParsedKey | ParsedKey[] | Error = ssh2.utils.parseKey(data, passphrase);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  return key instanceof Error ? undefined : key;
}
