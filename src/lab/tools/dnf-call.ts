import type { ToolContext } from '../shell/shell.ts';
import { readRepositories, type RpmRepository } from './rpm-repositories.ts';

/** A call of dnf 4, as far as the lab knows it. */
export interface DnfCall {
  readonly verb: string;
  readonly words: readonly string[];
  readonly quiet: boolean;
  readonly yes: boolean;
  readonly refresh: boolean;
  readonly all: boolean;
  readonly downloadOnly: boolean;
  readonly enable: readonly string[];
  readonly disable: readonly string[];
  readonly withoutExcludes: readonly string[];
  readonly withoutLocks: boolean;
  readonly keepCache: boolean;
  /** By repository id: `--setopt=ID.baseurl=URL`, for this call alone. */
  readonly addresses: ReadonlyMap<string, string>;
}

export function parse(args: readonly string[]): DnfCall {
  const values = (name: string) =>
    args.filter((arg) => arg.startsWith(`--${name}=`)).flatMap((arg) => arg.slice(name.length + 3).split(','));
  const words = args.filter((arg) => !arg.startsWith('-'));
  const letters = args.filter((arg) => /^-[a-z]+$/i.test(arg)).join('');
  const set = (name: string) =>
    values('setopt').flatMap((word) => (word.startsWith(`${name}=`) ? [word.slice(name.length + 1)] : []));
  return {
    verb: words[0] ?? '',
    words: words.slice(1),
    quiet: letters.includes('q') || args.includes('--quiet'),
    yes: letters.includes('y') || args.includes('--assumeyes'),
    refresh: args.includes('--refresh'),
    all: args.includes('--showduplicates'),
    downloadOnly: args.includes('--downloadonly'),
    enable: [...values('enablerepo'), ...values('repo'), ...values('repoid')],
    disable: values('disablerepo'),
    keepCache: /^(1|true|yes)$/i.test(set('keepcache').at(-1) ?? ''),
    withoutLocks: values('disableplugin').includes('versionlock'),
    addresses: new Map(
      args.flatMap((arg) => {
        const [, id = '', url = ''] =
          /^--setopt=([^.=]+)\.baseurl=(.*)$/.exec(arg) ?? /^--repofrompath=([^,]+),(.*)$/.exec(arg) ?? [];
        return id === '' ? [] : [[id, url.replace(/\/?$/, '/')] as const];
      }),
    ),
    withoutExcludes: [...values('disableexcludes'), ...values('disableexcludepkgs'), ...set('disable_excludes')],
  };
}

/** Those that the call uses. */
export async function repositories({ machine }: ToolContext, call: DnfCall): Promise<RpmRepository[]> {
  const { addresses, disable, enable } = call;
  const known = await readRepositories(machine);
  const given = [...addresses].flatMap(([id, url]): RpmRepository[] =>
    known.some((one) => one.id === id) ? [] : [{ id, url, file: '', minor: '', enabled: true, excludes: [] }],
  );
  const all = [...known, ...given].map((one) => {
    const url = addresses.get(one.id) ?? one.url;
    return { ...one, url, minor: /core:\/\w+:\/v(1\.\d+)\//.exec(url)?.[1] ?? one.minor };
  });
  return all.filter(
    ({ enabled, id }) => enable.includes(id) || (enabled && !disable.includes('*') && !disable.includes(id)),
  );
}
