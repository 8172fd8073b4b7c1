import { createDecipheriv, randomBytes } from 'node:crypto';
import bcrypt from 'bcrypt-pbkdf';
import { WireReader, wireString, wireUint32 } from './wire.ts';

/** OpenSSH's own format for private keys (PROTOCOL.key of OpenSSH): the public key in it is in clear. */
export interface OpensshKey {
  /** `none` where it is not encrypted. */
  readonly cipher: string;
  readonly publicKey: Buffer;
  readonly kdf: { readonly salt: Buffer; readonly rounds: number } | undefined;
  readonly secret: Buffer;
}

const MAGIC = 'openssh-key-v1\0';
const LABEL = 'OPENSSH PRIVATE KEY';
const CHACHA = 'chacha20-poly1305@openssh.com';

/** @returns undefined where the text between the marks is not such a key */
export function readOpensshKey(base64: string): OpensshKey | undefined {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
  try {
    const reader = new WireReader(bytes, MAGIC.length);
    const cipher = reader.text();
    const kdfName = reader.text();
    const options = reader.string();
    if (reader.uint32() !== 1) return undefined;
    const publicKey = reader.string();
    const secret = reader.string();
    return { cipher, publicKey, secret, kdf: kdfName === 'bcrypt' ? readKdf(options) : undefined };
  } catch {
    return undefined;
  }
}

function readKdf(options: Buffer): { salt: Buffer; rounds: number } {
  const reader = new WireReader(options);
  return { salt: reader.string(), rounds: reader.uint32() };
}

/** Whether ssh2's parser fails on the cipher and {@link decryptOpensshKey} does not. */
export const isOwnCipher = (key: OpensshKey): boolean => key.cipher === CHACHA && key.kdf !== undefined;

/**
 * Opens a key that is encrypted by chacha20-poly1305. @returns the same key unencrypted, as ssh2 reads it; undefined: a
 * wrong passphrase. The two equal numbers at the start and the public key say so, the tag of poly1305 is not asked.
 */
export function decryptOpensshKey(key: OpensshKey, passphrase: string): string | undefined {
  if (!isOwnCipher(key) || !key.kdf) return undefined;
  const pass = Buffer.from(passphrase);
  const { salt, rounds } = key.kdf;
  const derived = Buffer.alloc(64);
  if (bcrypt.pbkdf(pass, pass.length, salt, salt.length, derived, derived.length, rounds) !== 0) return undefined;
  // PROTOCOL.chacha20poly1305: packet number 0; block 0 is poly1305's key, the text starts at block 1.
  const counter = Buffer.alloc(16);
  counter.writeUInt32LE(1);
  const decipher = createDecipheriv('chacha20', derived.subarray(0, 32), counter);
  const clear = Buffer.concat([decipher.update(key.secret), decipher.final()]);
  return clear.length >= 8 && clear.readUInt32BE(0) === clear.readUInt32BE(4)
    ? writeOpensshKey(key.publicKey, clear)
    : undefined;
}

/** An ed25519 key in OpenSSH's format: the only one in which ssh2 reads it. `seed` and `point` are of 32 bytes each. */
export function ed25519Key(seed: Buffer, point: Buffer): string {
  const type = wireString('ssh-ed25519');
  const check = randomBytes(4);
  const parts = [check, check, type, wireString(point), wireString(Buffer.concat([seed, point])), wireString('')];
  const clear = Buffer.concat(parts);
  const padding = Buffer.from(Array.from({ length: (8 - (clear.length % 8)) % 8 }, (_, index) => index + 1));
  return writeOpensshKey(Buffer.concat([type, wireString(point)]), Buffer.concat([clear, padding]));
}

function writeOpensshKey(publicKey: Buffer, clear: Buffer): string {
  const bytes = Buffer.concat([
    Buffer.from(MAGIC, 'latin1'),
    ...['none', 'none', ''].map(wireString),
    wireUint32(1),
    wireString(publicKey),
    wireString(clear),
  ]);
  return `-----BEGIN ${LABEL}-----\n${bytes.toString('base64')}\n-----END ${LABEL}-----\n`;
}
