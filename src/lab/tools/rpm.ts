import { trustedKeys } from '../distribution.ts';
import { putFile } from '../machine-files.ts';
import type { Tool } from '../shell/shell.ts';

/** `rpm -q [--qf FORMAT] NAME...`, `rpm -qa`, `rpm --import`. */
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
  const at = args.findIndex((arg) => arg === '--qf' || arg === '--queryformat');
  const format = at >= 0 ? (args[at + 1] ?? '') : '%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}\\n';
  const options = args.filter((arg) => arg.startsWith('-'));
  const names = args.filter((arg, index) => !arg.startsWith('-') && index !== at + 1);
  if (!options.some((option) => /^(-q|-qa|--query)$/.test(option))) {
    context.err('rpm: the lab simulates queries only\n');
    return 1;
  }
  let missing = 0;
  for (const name of options.includes('-qa') ? machine.packages.keys() : names) {
    const revision = machine.packages.get(name)?.revision;
    if (revision === undefined) {
      context.out(`package ${name} is not installed\n`);
      missing += 1;
      continue;
    }
    const [version = '', release = ''] = revision.split('-');
    const fields: Readonly<Record<string, string>> = { NAME: name, VERSION: version, RELEASE: release, ARCH: 'x86_64' };
    context.out(
      format
        .replace(/%\{([A-Z]+)\}/gi, (_, field: string) => fields[field.toUpperCase()] ?? '(none)')
        .replaceAll('\\n', '\n'),
    );
  }
  return missing;
};
