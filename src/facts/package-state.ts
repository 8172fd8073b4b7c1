import type { Fact } from './fact.ts';
import { APT_LOCKS, lockHolder, RPM_LOCKS } from './lib/lock-holder.ts';

export interface PackageStateFact {
  /** Packages that `dpkg --audit` names, sorted. */
  readonly broken: readonly string[];
  /** Who works with packages at this moment. */
  readonly lock?: { readonly pid: number; readonly command: string; readonly file: string };
}

/** Packages that a broken-off installation left half done, and who holds the package manager's locks at this moment. */
export const packageState: Fact<PackageStateFact> = {
  command: 'dpkg --audit',
  remedy: 'Try it there by hand.',
  script: () =>
    `${lockHolder}
if command -v dpkg >/dev/null 2>&1; then
  dpkg --audit 2>/dev/null | sed 's/^/audit: /'
  printf 'lock: %s\\n' "$(lock_holder ${APT_LOCKS})"
else
  printf 'lock: %s\\n' "$(lock_holder ${RPM_LOCKS})"
fi
true`,
  parse: parsePackageState,
};

export function parsePackageState(output: string): PackageStateFact {
  // Each paragraph says what is wrong, then lists its packages, indented by one space, with their descriptions.
  const broken = [...output.matchAll(/^audit: {2}([a-z0-9][a-z0-9+.-]+(?::[a-z0-9]+)?)(?:\s|$)/gm)].map(
    ([, name = '']) => name,
  );
  const [, pid, command, file] = /^lock: (\d+) \((.*)\) holds (\S+)$/m.exec(output) ?? [];
  const held = pid !== undefined && command !== undefined && file !== undefined;
  return {
    broken: [...new Set(broken)].toSorted(),
    ...(held ? { lock: { pid: Number(pid), command, file } } : {}),
  };
}
