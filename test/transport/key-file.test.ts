import { spawnSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, verify, type KeyObject } from 'node:crypto';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ParsedKey } from 'ssh2';
import { afterAll, describe, expect, test } from 'vitest';
import { identitiesOf } from '../../src/transport/identities.ts';
import { parseKeyFile, publicKeyOf, readKeyFile } from '../../src/transport/key-file.ts';
import type { Login } from '../../src/transport/transport.ts';

const folder = mkdtempSync(join(tmpdir(), 'runbook-keys-'));
afterAll(() => rmSync(folder, { recursive: true }));
const haveKeygen = spawnSync('ssh-keygen', ['-?']).error === undefined || process.env['CI'] !== undefined;

const PASSPHRASE = 'open sesame';
const pairs = {
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  ec: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  ed25519: generateKeyPairSync('ed25519').privateKey,
};
const pem = (key: KeyObject, type: 'pkcs8' | 'pkcs1' | 'sec1', encrypted = false): string =>
  key
    .export({ format: 'pem', type, ...(encrypted ? { cipher: 'aes-256-cbc', passphrase: PASSPHRASE } : {}) })
    .toString();
const parse = (text: string) => parseKeyFile(Buffer.from(text), 'id');

/** Whether a signature by the parsed key is one of the key that was written. */
function signsAs(key: ParsedKey | undefined, original: KeyObject): boolean {
  const data = Buffer.from('something to sign');
  const algorithm = original.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  const signature = key?.sign(data, algorithm ?? undefined);
  return Buffer.isBuffer(signature) && verify(algorithm, data, createPublicKey(original), signature);
}

describe('a private key in a form of OpenSSL', () => {
  const forms = Object.entries(pairs).flatMap(([name, key]) => [
    { name: `PKCS#8 of ${name}`, text: pem(key, 'pkcs8'), key },
    { name: `PKCS#8 of ${name} after comment lines`, text: `# ops\nBag Attributes: <none>\n${pem(key, 'pkcs8')}`, key },
  ]);
  const old = [
    { name: 'PKCS#1', text: pem(pairs.rsa, 'pkcs1'), key: pairs.rsa },
    { name: 'SEC1 with CRLF', text: pem(pairs.ec, 'sec1').replaceAll('\n', '\r\n'), key: pairs.ec },
  ];
  test.each([...forms, ...old])('$name is opened', ({ text, key }) => {
    const found = parse(text);
    expect(found.kind).toBe('private');
    if (found.kind === 'private') expect(signsAs(found.key, key)).toBe(true);
  });

  test.each([
    ['rsa', 'pkcs8'],
    ['ec', 'pkcs8'],
    ['ed25519', 'pkcs8'],
    ['rsa', 'pkcs1'],
  ] as const)('encrypted: %s in %s is opened by its passphrase alone', (name, type) => {
    const key = pairs[name];
    const found = parse(pem(key, type, true));
    if (found.kind !== 'encrypted') throw new Error(found.kind);
    expect(found.publicKey).toBeUndefined();
    expect(found.open('wrong')).toBeUndefined();
    expect(signsAs(found.open(PASSPHRASE), key)).toBe(true);
  });
});

describe.skipIf(!haveKeygen)('a private key by ssh-keygen', () => {
  function keygen(name: string, ...args: string[]): string {
    const file = join(folder, name);
    const { status, stderr } = spawnSync('ssh-keygen', [
      '-q',
      '-a',
      '1',
      '-t',
      'ed25519',
      '-C',
      'test',
      '-f',
      file,
      ...args,
    ]);
    if (status !== 0) throw new Error(stderr.toString());
    return file;
  }

  test.each(['chacha20-poly1305@openssh.com', 'aes256-gcm@openssh.com', 'aes256-ctr'])(
    'is opened where its cipher is %s, and its public key is known before',
    async (cipher) => {
      const file = keygen(cipher, '-N', PASSPHRASE, '-Z', cipher);
      const publicKey = publicKeyOf(readFileSync(`${file}.pub`));
      rmSync(`${file}.pub`);
      const found = await readKeyFile(file);
      if (found.kind !== 'encrypted') throw new Error(found.kind);
      expect(found.publicKey).toEqual(publicKey);
      expect(found.open('wrong')).toBeUndefined();
      expect(found.open(PASSPHRASE)?.getPublicSSH()).toEqual(publicKey);
    },
  );

  test('that is missing has its public key beside it', async () => {
    const file = keygen('moved', '-N', '');
    renameSync(file, `${file}.away`);
    expect(await readKeyFile(file)).toMatchObject({ kind: 'public', why: 'ENOENT' });
    expect(await readKeyFile(`${file}.pub`)).toMatchObject({ kind: 'public', why: 'is a public key' });
    rmSync(`${file}.pub`);
    expect(await readKeyFile(file)).toEqual({ kind: 'unusable', publicKey: undefined, why: 'ENOENT' });
  });

  test('that is encrypted is said to be in no agent only where that is known', async () => {
    const login = (file: string): Login => ({
      host: 'h',
      port: 22,
      user: 'ops',
      identityFiles: [file],
      knownHosts: [],
      hostKeyChecking: 'strict',
      connectTimeout: 1000,
      keepaliveInterval: 1000,
    });
    const file = join(folder, 'pkcs8');
    writeFileSync(file, pem(pairs.rsa, 'pkcs8', true));
    const why = async (): Promise<unknown> => {
      const { identities } = await identitiesOf(login(file), () => Promise.resolve(''));
      return identities[0]?.open();
    };
    expect(await why()).toMatchObject({ why: 'is encrypted, no passphraseFrom is given, and there is no agent' });
  });
});

describe('what cannot be used is named with the way out', () => {
  test('a key of PuTTY', () => {
    const found = parse('PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n');
    expect(found).toMatchObject({ why: 'is a key of PuTTY; convert it: puttygen id -O private-openssh -o id.openssh' });
  });

  test('a FIDO key', () => {
    const type = Buffer.from('sk-ssh-ed25519@openssh.com');
    const length = Buffer.from([0, 0, 0, type.length]);
    const publicKey = Buffer.concat([length, type]);
    const fido = publicKeyOf(`sk-ssh-ed25519@openssh.com ${publicKey.toString('base64')} me`);
    expect(fido).toEqual(publicKey);
  });

  test('a key of another kind', () => {
    const { privateKey } = generateKeyPairSync('ed448');
    expect(parse(pem(privateKey, 'pkcs8'))).toMatchObject({ kind: 'unusable', why: expect.stringContaining('ed448') });
  });

  test.each(['', 'no key', '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----'])(
    '%j',
    (text) => {
      expect(parse(text).kind).toBe('unusable');
    },
  );
});
