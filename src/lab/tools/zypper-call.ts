import { isReachable, hostOf } from '../network.ts';
import { rpmPackages, trustedKeys } from '../distribution.ts';
import type { ToolContext } from '../shell/shell.ts';
import { readRepositories, type RpmRepository } from './rpm-repositories.ts';

/** A call of zypper, as far as the lab knows it (zypper(8)): global options come before the command. */
export interface ZypperCall {
  readonly verb: string;
  readonly words: readonly string[];
  readonly options: ReadonlySet<string>;
  readonly xml: boolean;
  readonly interactive: boolean;
  readonly reposFolder: string;
  /** Metadata are kept there by the repository's alias. */
  readonly cache: string;
  /** Aliases of disabled repositories that this call uses. */
  readonly plus: readonly string[];
}

const VERBS: Readonly<Record<string, string>> = {
  in: 'install',
  up: 'update',
  lu: 'list-updates',
  ref: 'refresh',
  se: 'search',
  al: 'addlock',
  rl: 'removelock',
  ll: 'locks',
  cc: 'clean',
};
const VALUES = [
  '--reposd-dir',
  '--raw-cache-dir',
  '--solv-cache-dir',
  '--plus-content',
  '--type',
  '-t',
  '--repo',
  '-r',
];

export function parse(args: readonly string[]): ZypperCall {
  const words: string[] = [];
  const options = new Set<string>();
  const values = new Map<string, string[]>();
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    if (VALUES.includes(arg)) {
      at += 1;
      values.set(arg, [...(values.get(arg) ?? []), args[at] ?? '']);
    } else if (arg.startsWith('-')) options.add(arg);
    else words.push(arg);
  }
  const [verb = '', ...rest] = words;
  return {
    verb: VERBS[verb] ?? verb,
    words: rest,
    options,
    xml: options.has('--xmlout') || options.has('-x'),
    interactive: !['--non-interactive', '-n', '-y', '--no-confirm'].some((option) => options.has(option)),
    reposFolder: values.get('--reposd-dir')?.[0] ?? '/etc/zypp/repos.d',
    cache: values.get('--solv-cache-dir')?.[0] ?? '/var/cache/zypp/solv',
    plus: values.get('--plus-content') ?? [],
  };
}

export async function repositoriesOf({ machine }: ToolContext, call: ZypperCall): Promise<RpmRepository[]> {
  const all = await readRepositories(machine, call.reposFolder);
  return all.filter(({ enabled, id }) => enabled || call.plus.includes(id));
}

/** What zypper knows of a repository: its metadata as they were refreshed last. */
export function metadata({ machine }: ToolContext, call: ZypperCall, { id }: RpmRepository) {
  return machine.aptLists.get(`${call.cache}/${id}`);
}

/** Reads a repository's metadata, signed by its key. The messages are those of a real zypper; false: it could not. */
export async function refreshOne(context: ToolContext, call: ZypperCall, repository: RpmRepository): Promise<boolean> {
  const { machine } = context;
  const { id, minor, url } = repository;
  const invalid = (history: string) =>
    context.err(
      `Repository '${id}' is invalid.\n[${id}|${url}] Valid metadata not found at specified URL\nHistory:\n - ${history}\n\nPlease check if the URIs defined for this repository are pointing to a valid repository.\nSkipping repository '${id}' because of the above error.\n`,
    );
  const packages = (await isReachable(machine, hostOf(url))) ? rpmPackages(machine, minor) : undefined;
  if (!packages) {
    invalid(`File '/repodata/repomd.xml' not found on medium '${url}'`);
    return false;
  }
  if (!(await machine.fs.exists(trustedKeys))) {
    context.out(
      `New repository or package signing key received:\n\n  Repository:       ${id}\n  Key Name:         isv:kubernetes OBS Project <isv:kubernetes@build.opensuse.org>\n\nDo you want to reject the key, trust temporarily, or trust always? [r/t/a/?] (r): r\n`,
    );
    invalid('Signature verification failed for repomd.xml');
    return false;
  }
  machine.aptLists.set(`${call.cache}/${id}`, packages);
  if (!call.xml)
    context.out(`Retrieving repository '${id}' metadata [done]\nBuilding repository '${id}' cache [done]\n`);
  return true;
}
