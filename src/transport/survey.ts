import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { execa } from 'execa';
import { agentKeys } from './agent.ts';
import type { ConfigSurvey, LoginSurvey } from './choice.ts';
import { expandHome, readKnownHosts } from './host-key.ts';
import { isCertificate, isFido, readKeyFile } from './key-file.ts';
import { judgeHostKey } from './known-hosts.ts';
import { SYSTEM_CONFIG, userConfig } from './ssh-config-files.ts';
import { parseOptions, type Options } from './ssh-config.ts';
import type { Login } from './transport.ts';

/** Looks at the files, the agent and the configuration that a login uses. Never throws, and connects to no node. */
export async function surveyLogin(login: Login, where: string): Promise<LoginSurvey> {
  const files = await Promise.all(login.identityFiles.map(async (file) => ({ file, found: await readKeyFile(file) })));
  const ofKind = (is: (publicKey: Buffer) => boolean): string[] =>
    files.flatMap(({ file, found }) => (found.publicKey && is(found.publicKey) ? [basename(file)] : []));
  const beside = login.identityFiles.map((file) => `${file}-cert.pub`).filter((file) => existsSync(expandHome(file)));
  const named = (login.certificateFiles ?? []).filter((file) => existsSync(expandHome(file)));
  return {
    where,
    certificates: [...new Set([...[...named, ...beside].map((file) => basename(file)), ...ofKind(isCertificate)])],
    agentCertificates: await certificatesOfAgent(login),
    fidoKeys: ofKind(isFido),
    authorities: await authoritiesOf(login),
    config: await surveyConfig(login),
  };
}

async function certificatesOfAgent({ agentSocket, identitiesOnly }: Login): Promise<number> {
  if (agentSocket === undefined || identitiesOnly === true) return 0;
  const keys = await agentKeys(agentSocket).catch(() => []);
  return keys.filter(({ publicKey }) => isCertificate(publicKey)).length;
}

async function authoritiesOf(login: Login): Promise<string[]> {
  if (login.hostKeyChecking === 'off') return [];
  const lines = await readKnownHosts(login).catch(() => []);
  const { host, port } = login.hostKeyAlias === undefined ? login : { host: login.hostKeyAlias, port: 22 };
  // A host with a plain key in these files needs none of its authorities.
  const verdict = judgeHostKey(lines, host, port, Buffer.alloc(0));
  const authorities = verdict.kind === 'unknown' ? verdict.authorities : [];
  return authorities.map(({ file, line }) => `${file}:${line}`);
}

const ALGORITHMS: Readonly<Record<string, string>> = {
  kexalgorithms: 'KexAlgorithms',
  hostkeyalgorithms: 'HostKeyAlgorithms',
  ciphers: 'Ciphers',
  macs: 'MACs',
  pubkeyacceptedalgorithms: 'PubkeyAcceptedAlgorithms',
};

/**
 * What the operator's own file (or the one that the inventory names) changes for this host, next to the machine's file.
 * Undefined where there is none.
 */
async function surveyConfig(login: Login): Promise<ConfigSurvey | undefined> {
  const [own] = login.configFiles ?? [userConfig()];
  if (own === undefined) return undefined;
  const text = await readFile(own, 'utf8').catch(() => '');
  // Most have none of these words: that saves a process per node. A file that is included may have them.
  if (
    !/^\s*(?:GSSAPIAuthentication|\w*Algorithms|Ciphers|MACs|HostbasedKeyTypes|PubkeyAcceptedKeyTypes|Include)\b/im.test(
      text,
    )
  )
    return undefined;
  const name = login.configName ?? login.host;
  const system = existsSync(SYSTEM_CONFIG) ? SYSTEM_CONFIG : '/dev/null';
  const [mine, base] = await Promise.all([resolved(['-F', own, name]), resolved(['-F', system, name])]);
  if (!mine || !base) return undefined;
  const added = Object.entries(ALGORITHMS).flatMap(([key, keyword]) => {
    const known = base.get(key)?.[0]?.split(',') ?? [];
    const more = (mine.get(key)?.[0]?.split(',') ?? []).filter((algorithm) => !known.includes(algorithm));
    return more.length > 0 ? [[keyword, more] as const] : [];
  });
  const gssapi = saysYes(mine) && !saysYes(base);
  return { gssapi: gssapi || asksForGssapi(text, mine), added: Object.fromEntries(added) };
}

/** Distributions switch it on for all: only the operator's own word counts then. */
function asksForGssapi(text: string, settings: Options): boolean {
  return saysYes(settings) && /^\s*GSSAPIAuthentication[\s=]+yes\b/im.test(text);
}

function saysYes(settings: Options): boolean {
  return settings.get('gssapiauthentication')?.[0] === 'yes';
}

/** The settings of `ssh -G`, by keyword in lower case. */
async function resolved(args: readonly string[]): Promise<Options | undefined> {
  const result = await execa('ssh', ['-G', ...args], { reject: false, stdin: 'ignore', timeout: 10_000 });
  return result.exitCode === 0 ? parseOptions(result.stdout) : undefined;
}
