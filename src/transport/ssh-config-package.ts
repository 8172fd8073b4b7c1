import { parse } from 'ssh-config';
import { Failure } from '../failure.ts';
import type { ConfigLine } from './ssh-config-files.ts';
import { settingsOf, type Asked, type SshSettings } from './ssh-config.ts';

/**
 * What the package ssh-config makes of configuration lines, where OpenSSH's client is missing. It runs nothing: not
 * `Match exec`, and it asks no DNS for CanonicalizeHostname.
 * @throws Failure (document) for what only OpenSSH can judge
 */
export function settingsByPackage(lines: readonly ConfigLine[], asked: Asked): SshSettings {
  const only = lines.find(({ keyword, value }) => keyword === 'match' && /\b(?:exec|canonical|final)\b/i.test(value));
  if (only) throw needsSsh(only, 'this `Match`');
  const computed = computedBy(lines, asked);
  const options = new Map<string, readonly string[]>();
  for (const [key, value] of Object.entries(computed)) {
    const values = Array.isArray(value) ? value : [value];
    options.set(key, SEVERAL_LINES.has(key) ? values : [values.join(' ')]);
  }
  const hostName = options.get('hostname')?.[0];
  if (hostName !== undefined) options.set('hostname', [hostName.replaceAll('%h', asked.host).replaceAll('%%', '%')]);
  return settingsOf(options, asked);
}

function computedBy(lines: readonly ConfigLine[], { host, user }: Asked) {
  const text = flattened(lines).join('\n');
  try {
    const words = { Host: host, ...(user === undefined ? {} : { User: user }) };
    return parse(text).compute(words, { ignoreCase: true, matchExec: false });
  } catch (error) {
    // Its own errors have no place, and a line without its value is one of the type of JavaScript.
    const files = [...new Set(lines.map(({ file }) => file))].join(', ');
    throw new Failure('document', `${files}: it cannot be read without OpenSSH's client`, ADVICE, { cause: error });
  }
}

const ADVICE = ['install it (openssh-client), or set `ssh: { config: false }` in the inventory'];

const SEVERAL_LINES = new Set(['identityfile', 'certificatefile']);

/** As one text. What follows an `Include` counts for all hosts again, as its own blocks end with it. */
function flattened(lines: readonly ConfigLine[]): string[] {
  const open: string[] = [];
  let inBlock = false;
  return lines.flatMap((one) => {
    const { file, keyword, text, value } = one;
    const back = open.lastIndexOf(file);
    const returned = back !== -1 && back < open.length - 1;
    if (returned) open.splice(back + 1);
    else if (back === -1) open.push(file);
    const start = returned || back === -1 ? ['Host *'] : [];
    if (start.length > 0) inBlock = false;
    if (keyword === 'include' && inBlock) throw needsSsh(one, '`Include` inside of a `Host` or `Match`');
    if (keyword === 'host' || keyword === 'match') inBlock = value !== '*';
    return keyword === 'include' || keyword.startsWith('canonical') ? start : [...start, text];
  });
}

function needsSsh({ file, line }: ConfigLine, what: string): Failure {
  return new Failure('document', `${file}:${line}: ${what} is only understood with OpenSSH's client`, ADVICE);
}
