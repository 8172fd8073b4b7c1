import { Failure } from '../failure.ts';

/**
 * The clusters that `--limit` leaves: names, with `*` for any part of one, separated by commas; `!name` leaves one out.
 * @throws Failure (usage) for a pattern that fits none
 */
export function limitClusters(names: readonly string[], pattern: string): readonly string[] {
  const parts = pattern.split(',').map((part) => part.trim());
  const matching = (part: string): readonly string[] => {
    const form = new RegExp(
      `^${part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll(String.raw`\*`, '.*')}$`,
    );
    const found = names.filter((name) => form.test(name));
    if (part !== '' && found.length > 0) return found;
    throw new Failure('usage', `--limit ${pattern}: no cluster is called ${part === '' ? 'nothing' : part}`, [
      `The clusters: ${names.join(', ')}`,
    ]);
  };
  const wanted = parts.filter((part) => !part.startsWith('!')).flatMap(matching);
  const left = new Set(parts.filter((part) => part.startsWith('!')).flatMap((part) => matching(part.slice(1))));
  const chosen = new Set(wanted.length > 0 ? wanted : names);
  const kept = names.filter((name) => chosen.has(name) && !left.has(name));
  if (kept.length > 0) return kept;
  throw new Failure('usage', `--limit ${pattern} leaves no cluster`);
}
