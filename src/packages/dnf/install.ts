import { quote } from '../../transport/quote.ts';
import { waitUnlocked } from '../lib/lock.ts';
import { FINISH } from '../lib/rpm-audit.ts';
import type { Install, Script } from '../manager.ts';
import {
  lock,
  LOCKS,
  mainExcludes,
  programOf,
  readMetadata,
  unlock,
  type Variant,
  withFreshKeys,
  withoutExcludes,
} from './commands.ts';

/** `repositories`: ids of the Kubernetes sections. This call ignores their `exclude=` lines, which stay in the file. */
export function install({ wanted, held }: Install, manager: Variant, repositories: readonly string[]): Script {
  const words = wanted.map(({ name, revision }) => quote(`${name}-${revision}`)).join(' ');
  const excludes = withoutExcludes(manager, repositories);
  const enable = repositories.map((id) => `--enablerepo=${quote(id)}`).join(' ');
  const locks = held.length > 0;
  const command = [programOf(manager), 'install -y', excludes, words].filter((word) => word !== '').join(' ');
  return {
    commands: [...(locks ? [unlock(manager, held)] : []), command, ...(locks ? [lock(manager, held)] : [])],
    text: [
      SETTINGS,
      waitUnlocked(LOCKS),
      `${mainExcludes(manager, repositories)}
wait_unlocked || exit`,
      FINISH,
      refresh(wanted, manager, repositories),
      `rc=0
${locks ? `${unlock(manager, held)} || rc=$?\n` : ''}if [ "$rc" -eq 0 ]; then
  ${programOf(manager)} -y ${enable} ${excludes} $main install ${words} || rc=$?
fi
${locks ? relock(manager, held) : ''}exit "$rc"
`,
    ].join('\n\n'),
  };
}

/** dnf waits for its own locks without a limit, yum likewise: the step's time limit ends that. */
const SETTINGS = `set -u
export LC_ALL=C
trap ':' HUP INT TERM`;

/** Metadata that is not expired yet may be older than the release. */
function refresh(wanted: Install['wanted'], manager: Variant, repositories: readonly string[]): string {
  const names = wanted.map(({ name }) => quote(name)).join(' ');
  const enable = repositories.map((id) => `--enablerepo=${quote(id)} `).join('');
  const known = wanted.map(
    ({ name, revision }) =>
      `printf '%s\\n' "$listed" | grep -Eq ${quote(`^${name}\\.[^ ]+ +([0-9]+:)?${pattern(revision)} `)}`,
  );
  return `listed=$(${programOf(manager)} -y -q ${enable}${withoutExcludes(manager, repositories)} $main list --showduplicates ${names} 2>/dev/null)
if ${known.join(' && ')}; then :; else
  { ${withFreshKeys(readMetadata(manager, repositories), repositories)}; } || echo 'the metadata could not be refreshed; continuing with what is there' >&2
fi`;
}

/** A revision or a pattern of a shell as an extended regular expression. */
function pattern(revision: string): string {
  return revision.replaceAll(/[.+^$(){}|[\]\\]/g, String.raw`\$&`).replaceAll('*', '[^ ]*');
}

function relock(manager: Variant, held: readonly string[]): string {
  return `${lock(manager, held)} || {
  code=$?
  echo ${quote(`these are not locked any more: ${held.join(' ')}`)} >&2
  [ "$rc" -ne 0 ] || rc=$code
}
`;
}
