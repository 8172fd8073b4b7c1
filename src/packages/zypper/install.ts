import { quote } from '../../transport/quote.ts';
import { FINISH } from '../lib/rpm-audit.ts';
import type { Install, Script } from '../manager.ts';
import { enabling, lock, SETTINGS, unlock } from './commands.ts';

/** `ids`: sections of the Kubernetes repositories; `disabled`: those that are only used by this call. */
export function install(
  { wanted, held }: Install,
  { ids, disabled }: { readonly ids: readonly string[]; readonly disabled: readonly string[] },
): Script {
  const words = wanted.map(capability).join(' ');
  const command = `${enabling(disabled)}install --allow-vendor-change ${words}`;
  const locks = held.length > 0;
  return {
    commands: [...(locks ? [unlock(held)] : []), `zypper --non-interactive ${command}`, ...(locks ? [lock(held)] : [])],
    text: [
      SETTINGS,
      'wait_unlocked || exit',
      FINISH,
      refresh(wanted, ids, disabled),
      `rc=0
${locks ? `${unlock(held)} || rc=$?\n` : ''}if [ "$rc" -eq 0 ]; then
  zypp ${command} || rc=$?
fi
${locks ? relock(held) : ''}exit "$rc"
`,
    ].join('\n\n'),
  };
}

/**
 * Each minor is built in its own project, which may be another vendor to libzypp; it changes a vendor only if allowed
 * (zypper(8), --allow-vendor-change). A version alone means any release of it.
 */
function capability({ name, revision }: Install['wanted'][number]): string {
  return quote(`${name}=${revision.replace(/-\*$/, '')}`);
}

/** The metadata may be older than the release: they are refreshed where they do not know it. */
function refresh(wanted: Install['wanted'], ids: readonly string[], disabled: readonly string[]): string {
  const names = wanted.map(({ name }) => quote(name)).join(' ');
  const known = wanted.map(({ name, revision }) => {
    const edition = revision.endsWith('-*') ? `edition="${revision.slice(0, -1)}` : `edition="${revision}"`;
    return `printf '%s\\n' "$listed" | grep -F ${quote(`name="${name}"`)} | grep -Fq ${quote(edition)}`;
  });
  return `listed=$(zypper --non-interactive --no-refresh --xmlout ${enabling(disabled)}search --details --match-exact --type package ${names} 2>/dev/null)
if ${known.join(' && ')}; then :; else
  zypp ${enabling(disabled)}refresh ${ids.map(quote).join(' ')} || echo 'the metadata could not be refreshed; continuing with what is there' >&2
fi`;
}

function relock(held: readonly string[]): string {
  return `${lock(held)} || {
  code=$?
  echo ${quote(`these are not locked any more: ${held.join(' ')}`)} >&2
  [ "$rc" -ne 0 ] || rc=$code
}
`;
}
