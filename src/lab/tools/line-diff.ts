interface Line {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/** A unified diff of two texts, empty where they are equal. */
export function lineDiff(
  before: string,
  after: string,
  { from, to, lines }: { readonly from: string; readonly to: string; readonly lines: number },
): string {
  const all = merged(before.split('\n').slice(0, -1), after.split('\n').slice(0, -1));
  const isNear = all.map((_, at) =>
    all.slice(Math.max(0, at - lines), at + lines + 1).some(({ mark }) => mark !== ' '),
  );
  if (!isNear.includes(true)) return '';
  let text = `--- ${from}\n+++ ${to}\n`;
  for (let at = 0; at < all.length; at += 1) {
    if (!isNear[at]) continue;
    let end = at;
    while (isNear[end]) end += 1;
    text += hunk(all, at, end);
    at = end;
  }
  return text;
}

function hunk(all: readonly Line[], start: number, end: number): string {
  const count = (some: readonly Line[], mark: Line['mark']) => some.filter((line) => line.mark !== mark).length;
  const [before, own] = [all.slice(0, start), all.slice(start, end)];
  const range = (other: Line['mark']) => {
    const length = count(own, other);
    return `${count(before, other) + 1}${length === 1 ? '' : `,${length}`}`;
  };
  return `@@ -${range('+')} +${range('-')} @@\n${own.map(({ mark, text }) => `${mark}${text}\n`).join('')}`;
}

/** By the longest common subsequence. */
function merged(before: readonly string[], after: readonly string[]): Line[] {
  const length = [...before, ''].map(() => Array.from({ length: after.length + 1 }, () => 0));
  for (let i = before.length - 1; i >= 0; i -= 1)
    for (let j = after.length - 1; j >= 0; j -= 1) {
      const row = length[i] ?? [];
      const below = length[i + 1] ?? [];
      row[j] = before[i] === after[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0);
    }
  const lines: Line[] = [];
  for (let i = 0, j = 0; i < before.length || j < after.length;) {
    const [old, fresh] = [before[i], after[j]];
    if (old !== undefined && old === fresh) {
      lines.push({ mark: ' ', text: old });
      i += 1;
      j += 1;
    } else if (old !== undefined && (fresh === undefined || (length[i + 1]?.[j] ?? 0) >= (length[i]?.[j + 1] ?? 0))) {
      lines.push({ mark: '-', text: old });
      i += 1;
    } else {
      lines.push({ mark: '+', text: fresh ?? '' });
      j += 1;
    }
  }
  return lines;
}
