import { knownGroups } from '../known/groups.ts';
import type { Entry } from './entry.ts';

export function knownEntries(): Entry[] {
  return knownGroups.flatMap(({ tool, by = tool, texts }) =>
    texts.map(({ id, meaning, cause, remedy, source, examples }) => ({
      kind: 'known text',
      code: id,
      title: meaning,
      what: `${by} ${/ and |, /.test(by) ? 'print' : 'prints'} it when something fails.`,
      why: cause,
      remedy,
      source,
      notes: [],
      examples,
    })),
  );
}
