import { trustedKeys } from '../distribution.ts';
import { putFile } from '../machine-files.ts';
import type { Tool } from '../shell/shell.ts';

/** How rpm names the key of the community's repositories. */
const KEY = 'gpg-pubkey-9a296436-64de3bf4';

/** `rpm -q [--qf FORMAT] NAME...`, `rpm -qa [PATTERN]`, `rpm --import`, `rpm -e` of the imported key. */
export const rpm: Tool = async (context) => {
  const { args, machine } = context;
  if (args.includes('--version')) {
    context.out('RPM version 4.16.1.3\n');
    return 0;
  }
  if (args.includes('--import')) {
    if (context.uid !== 0) return 1;
    const file = machine.fs.resolvePath(context.cwd, args.at(-1) ?? '');
    const text = (await machine.fs.exists(file)) ? await machine.fs.readFile(file) : '';
    if (!text.startsWith('-----BEGIN PGP PUBLIC KEY BLOCK-----')) {
      context.err(`error: ${file}: key 1 not an armored public key.\n`);
      return 1;
    }
    await putFile(machine, trustedKeys, text);
    return 0;
  }
  const trusts = await machine.fs.exists(trustedKeys);
  if (args.includes('-e') && args.includes(KEY) && trusts) {
    if (context.uid !== 0) return 1;
    await machine.fs.rm(trustedKeys);
    return 0;
  }
  const at = args.findIndex((arg) => arg === '--qf' || arg === '--queryformat');
  const format = at >= 0 ? (args[at + 1] ?? '') : '%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}\\n';
  const options = args.filter((arg) => arg.startsWith('-'));
  const names = args.filter((arg, index) => !arg.startsWith('-') && index !== at + 1);
  if (!options.some((option) => /^(-q|-qa|--query)$/.test(option))) {
    context.err('rpm: the lab simulates queries only\n');
    return 1;
  }
  const all = options.includes('-qa');
  if (all && trusts && names.every((pattern) => isLike(KEY, pattern))) context.out(`${KEY}\n`);
  const installed = [...machine.packages.keys()].filter((name) => names.every((pattern) => isLike(name, pattern)));
  let missing = 0;
  for (const name of all ? installed : names) {
    const revision = machine.packages.get(name)?.revision;
    if (revision === undefined) {
      context.out(`package ${name} is not installed\n`);
      missing += 1;
      continue;
    }
    const [version = '', release = ''] = revision.split('-');
    const at = machine.installedAt.get(name) ?? machine.binaryChangedAt;
    const fields: Readonly<Record<string, string>> = {
      NAME: name,
      VERSION: version,
      RELEASE: release,
      ARCH: 'x86_64',
      EPOCHNUM: '0',
      INSTALLTIME: String(Math.floor(at / 1000)),
    };
    context.out(
      format
        .replace(/%\{([A-Z]+)\}/gi, (_, field: string) => fields[field.toUpperCase()] ?? '(none)')
        .replaceAll('\\n', '\n'),
    );
  }
  return missing;
};

function isLike(name: string, pattern: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
