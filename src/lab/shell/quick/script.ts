import type * as JustBashModule from 'just-bash';
import type { ScriptNode } from 'just-bash';

/** Random ids differ from one reading of facts to the next: apart from them its script is the same. */
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const MARK = /LAB-ID-(\d+)-LAB/g;
const MOST = 4000;
/** Longer ones are parsed each time. */
const LONGEST = 200_000;

const parsed = new Map<string, ScriptNode>();

/** A script as a tree, in which random ids are numbered marks; the tree must not be changed. */
export interface Script {
  readonly tree: ScriptNode;
  readonly ids: readonly string[];
}

/** Each text is parsed once. @throws what the parser throws */
export function scriptOf({ parse }: typeof JustBashModule, text: string): Script {
  const ids: string[] = [];
  const numbers = new Map<string, number>();
  const marked = text.replace(UUID, (id) => {
    const number = numbers.get(id) ?? ids.push(id) - 1;
    numbers.set(id, number);
    return `LAB-ID-${number}-LAB`;
  });
  const known = parsed.get(marked);
  if (known) return { tree: known, ids };
  const tree = parse(marked);
  if (parsed.size >= MOST) parsed.clear();
  if (marked.length <= LONGEST) parsed.set(marked, tree);
  return { tree, ids };
}

/** A text of the tree as the script has it. */
export function withIds(text: string, ids: readonly string[]): string {
  return ids.length === 0 || !text.includes('LAB-ID-')
    ? text
    : text.replace(MARK, (mark, number: string) => ids[Number(number)] ?? mark);
}
