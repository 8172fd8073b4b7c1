import { putFile } from '../machine-files.ts';
import type { Tool } from '../shell/shell.ts';

export const gpg: Tool = async (context) => {
  const { args, machine } = context;
  const at = args.findIndex((arg) => arg === '-o' || arg === '--output');
  const output = at >= 0 ? args[at + 1] : args.find((arg) => arg.startsWith('--output='))?.slice(9);
  const home = args.indexOf('--homedir');
  const files = args.filter(
    (arg, i) => !arg.startsWith('-') && !(at >= 0 && i === at + 1) && !(home >= 0 && i === home + 1),
  );
  const path = (name: string) => machine.fs.resolvePath(context.cwd, name);
  const input = files[0] === undefined ? context.stdin : await machine.fs.readFile(path(files[0]));
  if (args.includes('--dearmor')) {
    const minor = /core:stable:v(1\.\d+)/.exec(input)?.[1];
    if (minor === undefined || !input.includes('BEGIN PGP')) {
      context.err('gpg: no valid OpenPGP data found.\ngpg: dearmoring failed: Unknown system error\n');
      return 2;
    }
    const content = `runbook lab keyring isv:kubernetes:core:stable:v${minor}\n`;
    if (output === undefined) context.out(content);
    else if ((await machine.fs.exists(path(output))) && !args.includes('--yes')) {
      context.err(`File '${output}' exists. Overwrite? (y/N) gpg: dearmoring failed: File exists\n`);
      return 2;
    } else await putFile(machine, path(output), content);
    return 0;
  }
  if (args.includes('--show-keys')) {
    const known = [...input.matchAll(/^key: (\S+) (\d*)$/gm)];
    if (known.length > 0 && args.includes('--with-colons')) {
      context.out(known.map(([, id, end]) => `pub:-:2048:1:${id}:1660000000:${end}::-:::scSC::::::23::0:\n`).join(''));
      return 0;
    }
    // A keyring's text may say `expires: SECONDS`; else there are two years left.
    const said = /^expires: (\d+)$/m.exec(input)?.[1];
    const expires = said === undefined ? Math.floor(machine.clock.now() / 1000) + 63_072_000 : Number(said);
    if (args.includes('--with-colons'))
      context.out(
        `pub:-:2048:1:234654DA9A296436:1660000000:${expires}::-:::scSC::::::23::0:\nfpr:::::::::DE15B14486CD377B9E876E1A234654DA9A296436:\nuid:-::::1660000000::0::isv:kubernetes OBS Project <isv:kubernetes@build.opensuse.org>::::::::::0:\n`,
      );
    else
      context.out(
        `pub   rsa2048 2022-08-25 [SC] [expires: ${new Date(expires * 1000).toISOString().slice(0, 10)}]\n      DE15B14486CD377B9E876E1A234654DA9A296436\nuid           isv:kubernetes OBS Project <isv:kubernetes@build.opensuse.org>\n`,
      );
    return 0;
  }
  context.err('gpg: the lab simulates --dearmor and --show-keys only\n');
  return 2;
};
