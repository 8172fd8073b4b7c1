import type { PackageSources, SourceLine } from '../packages/manager.ts';
import { readings } from '../packages/registry.ts';
import type { Fact } from './fact.ts';

/** Configured package sources that point at a Kubernetes community repository or a mirror of it. */
export type RepositoryFact = PackageSources;

export const sourceFiles = readings.flatMap((reading) => reading.sourceFiles).join(' ');

export const repository: Fact<RepositoryFact> = {
  command: `grep core: ${sourceFiles}`,
  remedy: 'Look at the package sources there.',
  script: () =>
    `for file in ${sourceFiles}; do
  [ -f "$file" ] || continue
  if grep -Eq 'core:/|[ /.]kubernetes[-.]' "$file"; then grep -n '' "$file" /dev/null || exit; fi
done
true`,
  parse: parseRepository,
};

function parseRepository(output: string): RepositoryFact {
  const files = new Map<string, SourceLine[]>();
  for (const printed of output.split('\n')) {
    const [, file, number, text] = /^(\/.+?):(\d+):(.*)$/.exec(printed) ?? [];
    if (file === undefined || text === undefined) continue;
    const lines = files.get(file) ?? [];
    lines.push({ number: Number(number), text: text.trimEnd() });
    files.set(file, lines);
  }
  const found = [...files].flatMap(([file, lines]) => readerOf(file)?.sourcesOf(file, lines) ?? []);
  const legacy = found.filter((source) => !('minor' in source));
  return { sources: found.filter((source) => 'minor' in source), ...(legacy.length > 0 ? { legacy } : {}) };
}

/** Files with the same ending have the same form, whichever manager reads them. */
function readerOf(file: string) {
  const ending = file.slice(file.lastIndexOf('.'));
  return readings.find(({ sourceFiles: globs }) => globs.some((glob) => glob.endsWith(ending)));
}
