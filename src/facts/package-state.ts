import { lockHolder } from '../packages/lib/lock.ts';
import { commandsOf, onNode, readings } from '../packages/registry.ts';
import type { Fact } from './fact.ts';

export interface PackageStateFact {
  /** Packages that are half installed, sorted. */
  readonly broken: readonly string[];
  /** Who works with packages at this moment. */
  readonly lock?: { readonly pid: number; readonly command: string; readonly file: string };
}

/** Packages that an interrupted installation left half done, and who holds the package manager's locks now. */
export const packageState: Fact<PackageStateFact> = {
  command: commandsOf(({ audit, locks }) => audit?.command ?? `ls ${locks}`),
  remedy: 'Try it there by hand.',
  script: () =>
    `${lockHolder}
${onNode(({ audit, locks }) => `${audit === undefined ? '' : `${audit.script}\n  `}printf 'lock: %s\\n' "$(lock_holder ${locks})"`)}
true`,
  parse: parsePackageState,
};

function parsePackageState(output: string): PackageStateFact {
  const broken = output.split('\n').flatMap((line) => readings.flatMap(({ audit }) => audit?.brokenName(line) ?? []));
  const [, pid, command, file] = /^lock: (\d+) \((.*)\) holds (\S+)$/m.exec(output) ?? [];
  const held = pid !== undefined && command !== undefined && file !== undefined;
  return {
    broken: [...new Set(broken)].toSorted(),
    ...(held ? { lock: { pid: Number(pid), command, file } } : {}),
  };
}
