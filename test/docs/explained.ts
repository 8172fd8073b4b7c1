import { format } from 'prettier';
import type { Entry } from '../../src/explain/entry.ts';
import { entries } from '../../src/explain/entries.ts';
import { exitCodes } from '../../src/explain/exit-codes.ts';
import { guardGroups } from '../../src/explain/guards.ts';
import { guards } from '../../src/guards/registry.ts';
import { knownGroups } from '../../src/known/groups.ts';

/** docs/guards.md with what the guards and their texts are, in place of what it has below those headings. */
export function guardsPage(text: string): Promise<string> {
  const groups = guardGroups.map(
    (group) => `## ${group.title}\n\n${group.guards.map(({ id }) => guardItem(entryOf(id))).join('\n')}\n`,
  );
  return formatted(between(text, 'guards', groups.join('\n')));
}

/** docs/cli.md with the table of exit codes. */
export function cliPage(text: string): Promise<string> {
  const rows = [...exitCodes].map(([code, { meaning }]) => `| ${code} | ${meaning} |`);
  return formatted(between(text, 'exit codes', ['| code | meaning |', '| --- | --- |', ...rows, ''].join('\n')));
}

/** docs/failures.md with the failures and the known texts. */
export function failuresPage(text: string): Promise<string> {
  const failures = entries().filter(({ kind }) => kind === 'failure');
  const groups = knownGroups.map(
    ({ tool, texts }) => `### ${tool}\n\n${texts.map(({ id }) => knownItem(entryOf(id, 'known text'))).join('\n')}\n`,
  );
  const first = between(text, 'failures', `${failures.map(item).join('\n')}\n`);
  return formatted(between(first, 'known texts', groups.join('\n'), 'src/known'));
}

/** In the form that CONTRIBUTING.md describes. */
function guardItem({ code, title, what, why, remedy, source }: Entry): string {
  const { scope, binding, comparedWith } = guards.get(code) ?? {};
  const asked = `${scope === 'step' ? 'each step' : 'plan'}${binding === undefined ? '' : ', binding'}`;
  const data = comparedWith === undefined ? '' : ` Data compared up to 1.${comparedWith}.`;
  return folded(
    `- **\`${code}\`** (${asked}). ${escaped(`${title}. ${what} _Why:_ ${why} _Do:_ ${remedy} `)}_Rule: ${escaped(source)}.${data}_`,
  );
}

function item({ code, title, what, why, remedy, source }: Entry): string {
  return folded(
    `- **\`${code}\`**. ${escaped(`${title}. ${what} _Why:_ ${why} _Do:_ ${remedy}`)} _Source: ${escaped(source)}._`,
  );
}

/** What it is recognised by is in `runbook explain` and in src/known. */
function knownItem({ code, title, why, remedy, source }: Entry): string {
  return folded(`- **\`${code}\`**. ${escaped(`${title}. ${why} _Do:_ ${remedy}`)} _Source: ${escaped(source)}._`);
}

function entryOf(id: string, of: Entry['kind'] = 'guard'): Entry {
  const found = entries().find(({ kind, code }) => kind === of && code === id);
  if (!found) throw new Error(`nothing is written of the ${of} ${id}`);
  return found;
}

function between(text: string, name: string, content: string, from = 'src/explain'): string {
  const [begin, end] = [`<!-- ${name}: built from ${from}, see CONTRIBUTING.md -->`, `<!-- end of ${name} -->`];
  const [head, rest = ''] = text.split(begin);
  const [, tail] = rest.split(end);
  if (tail === undefined) throw new Error(`no place for ${name}`);
  return `${head}${begin}\n\n${content}\n${end}${tail}`;
}

/** `<` and `*` outside of code would be Markdown. */
function escaped(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll(/[<*]/g, (one) => `\\${one}`)))
    .join('');
}

function folded(text: string): string {
  const lines: string[] = [''];
  for (const [word] of text.matchAll(/(?:`[^`]*`|[^ `])+/g)) {
    const last = lines.at(-1) ?? '';
    // A line may not begin with what would be a list.
    if (last !== '' && `${last} ${word}`.length > 120 && !/^([-+*]|\d+[.)])$/.test(word)) lines.push(`  ${word}`);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines.join('\n');
}

function formatted(text: string): Promise<string> {
  return format(text, { parser: 'markdown', singleQuote: true, printWidth: 120 });
}
