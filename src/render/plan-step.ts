import type { Finding } from '../event.ts';
import type { PlanStep, Prediction } from '../plan/plan.ts';
import { type Folded, valueTexts } from './fold-lines.ts';
import { namesText } from './fold-names.ts';
import { checkTexts, detailsOf, type Entry } from './plan-fold.ts';
import { type Colour, createStyle, type Line, type Symbols, widthOfLine, wrapLine } from './style.ts';
import { escapeControls, sanitize, stepName } from './text.ts';
import { widthOf, wrap } from './width.ts';

interface StepLook {
  readonly verbose: boolean;
  readonly columns: number;
  readonly symbols: Symbols;
}

const PREDICTED: Record<
  Prediction['outcome'],
  { word: string; colour: Colour; symbol: 'running' | 'unchanged' | 'skipped' | 'read' }
> = {
  change: { word: 'change', colour: 'green', symbol: 'running' },
  unchanged: { word: 'done', colour: 'dim', symbol: 'unchanged' },
  skipped: { word: 'skip', colour: 'dim', symbol: 'skipped' },
  read: { word: 'read', colour: 'cyan', symbol: 'read' },
};

const INDENT = ' '.repeat(8);

/** A step of one node, whole. @param forecasts what its guards foresee */
export function stepLines(step: PlanStep, forecasts: readonly Finding[], look: StepLook): Line[] {
  const dim = step.predicted.outcome !== 'change';
  return [
    ...headLines(stepName({ step: step.id, title: step.title }), step.predicted.outcome, step.predicted.reason, look),
    ...checkTexts(step).map((text): Line => [{ text: `${INDENT}${escapeControls(text)}`, as: 'dim', copied: 'line' }]),
    ...step.commands.flatMap((command) =>
      command.split('\n').map((text, index) => commandLine(text, index > 0, dim, INDENT)),
    ),
    ...forecasts.flatMap(({ summary, remedy }) => proseLines(`forecast: ${summary}. ${remedy}`, 'cyan', INDENT, look)),
    ...(look.verbose ? details(step, look.symbols) : []),
  ];
}

/** A step of several nodes, once. @param all every node of the phase, which needs no names */
export function entryLines(entry: Entry, all: number, look: StepLook): Line[] {
  const isPart = entry.nodes.length < all;
  const { reason, lines } = partsOf(entry);
  const head = headLines(entry.name, entry.outcome, reason, look);
  const on = isPart ? namesLines(`on ${namesText(entry.nodes)}`, look) : [];
  return [...head, ...on, ...blockLines(lines, entry, look)];
}

/** What is beside a step's name, and what is below it; nothing below one that is as an earlier step, maybe of another hop. */
export function partsOf(entry: Entry): { readonly reason: string; readonly lines: readonly Folded[] } {
  const { as, hop } = entry;
  if (as !== undefined)
    return { reason: `as ${numberOf(as)}${hop ? `, from ${hop.from} to ${hop.to}` : ''}`, lines: [] };
  const [first, ...rest] = entry.lines;
  const isReasonOfAll = first?.kind === 'reason' && isOfAll(first, entry);
  return isReasonOfAll ? { reason: first.text, lines: rest } : { reason: '', lines: entry.lines };
}

/** Lines of a step as text that is not broken, two blanks deeper where they are of some of its nodes. */
export function plainBlock(lines: readonly Folded[], entry: Entry): string[] {
  const style = createStyle({ color: false, unicode: true });
  const block = blockLines(lines, entry, { verbose: false, columns: Infinity, symbols: style.symbols });
  return block.map((one) => style.line(one).slice(INDENT.length));
}

/** The word for what is predicted. */
export function predictedWord(outcome: Prediction['outcome']): string {
  return PREDICTED[outcome].word;
}

/** A step's id without its words. */
function numberOf(id: string): string {
  return /^[^-]+(?:-\d+(?=-))?/.exec(id)?.[0] ?? id;
}

function isOfAll(line: Folded, entry: Entry): boolean {
  return line.nodes.length === entry.nodes.length && line.values.length === 0;
}

/** Lines of all nodes as they are; those of some below the names of these, or beside them where there is one alone. */
function blockLines(lines: readonly Folded[], entry: Entry, look: StepLook): Line[] {
  return runsOf(lines).flatMap((run): Line[] => {
    const parts = paragraphs(run);
    const [first] = parts;
    const isOfAll = first?.nodes.length === entry.nodes.length;
    const indent = isOfAll ? INDENT : `${INDENT}  `;
    const texts = parts.map((part) => [...textLines(part, entry, indent, look), ...valueLines(part, indent, look)]);
    if (!first || isOfAll) return texts.flat();
    const names = namesLines(`only ${namesText(first.nodes)}:`, look);
    if (parts.length > 1 || names.length > 1) return [...names, ...texts.flat()];
    return [...besideLines(names[0] ?? [], first, entry, look), ...valueLines(first, indent, look)];
  });
}

/** A line beside the names that it is of: prose is broken, a command stays as it runs. */
function besideLines(names: Line, line: Folded, entry: Entry, look: StepLook): Line[] {
  const [text = [], ...more] = textLines(line, entry, '', { ...look, columns: Infinity });
  const beside: Line = [...names, ' ', ...text];
  return line.kind === 'command' ? [beside, ...more] : wrapLine(beside, look.columns);
}

/** What a drain does with its budgets follows what it moves. */
function paragraphs(run: readonly Folded[]): Folded[] {
  const joined: Folded[] = [];
  for (const line of run) {
    const last = joined.at(-1);
    if (last?.kind !== 'forecast' || line.kind !== 'policy') joined.push(line);
    else
      joined.splice(-1, 1, { ...last, text: `${last.text}. ${line.text}`, values: [...last.values, ...line.values] });
  }
  return joined;
}

/** Neighbours of the same nodes. */
function runsOf(lines: readonly Folded[]): Folded[][] {
  const runs: Folded[][] = [];
  for (const line of lines) {
    const last = runs.at(-1);
    if (last?.[0]?.nodes.join() === line.nodes.join()) last.push(line);
    else runs.push([line]);
  }
  return runs;
}

function namesLines(text: string, { columns }: StepLook): Line[] {
  return wrap(text, columns - INDENT.length - 2).map((part, index): Line => [
    `${INDENT}${index === 0 ? '' : '  '}`,
    { text: part, as: 'bold' },
  ]);
}

function textLines({ kind, text }: Folded, entry: Entry, indent: string, look: StepLook): Line[] {
  switch (kind) {
    case 'command':
    case 'command-more':
      return [commandLine(text, kind === 'command-more', entry.outcome !== 'change', indent)];
    case 'forecast':
      return proseLines(`forecast: ${text}`, 'cyan', indent, look);
    case 'policy':
      return proseLines(text, 'cyan', indent, look);
    case 'reason':
      return proseLines(text, 'dim', indent, look);
    case 'script':
      return [[{ text: `${indent}${look.symbols.bar} ${escapeControls(text)}`, as: 'dim', copied: 'line' }]];
    default:
      return [[{ text: `${indent}${escapeControls(text)}`, as: 'dim', copied: 'line' }]];
  }
}

function valueLines(line: Folded, indent: string, { columns }: StepLook): Line[] {
  return valueTexts(line).flatMap((value) =>
    wrap(escapeControls(value), columns - indent.length - 4).map((text, index): Line => [
      `${indent}  ${index === 0 ? '' : '  '}${text}`,
    ]),
  );
}

function headLines(name: string, outcome: Prediction['outcome'], reason: string, look: StepLook): Line[] {
  const { word, colour, symbol } = PREDICTED[outcome];
  const mark = `    ${look.symbols[symbol]} ${word.padEnd(7)}`;
  const room = look.columns - widthOf(mark);
  const lines = wrap(sanitize(name), room).map((part, index): Line => [
    index === 0 ? { text: mark, as: colour } : ' '.repeat(widthOf(mark)),
    part,
  ]);
  const text = sanitize(reason);
  const last = lines.pop();
  if (text === '' || !last) return [...lines, ...(last ? [last] : [])];
  const used = widthOfLine(last);
  const [beside, below] = split(text, look.columns - used - 2, look.columns - INDENT.length);
  return [
    ...lines,
    [...last, { text: beside === '' ? '' : `: ${beside}`, as: 'dim' }],
    ...below.map((part): Line => [{ text: `${INDENT}${part}`, as: 'dim' }]),
  ];
}

/** The words that still fit beside, and the others in lines below. */
function split(text: string, beside: number, below: number): [string, string[]] {
  const [first = ''] = wrap(text, Math.max(0, beside));
  if (widthOf(first) > beside) return ['', wrap(text, below)];
  const rest = text.slice(first.length + 1);
  return [first, rest === '' ? [] : wrap(rest, below)];
}

function commandLine(text: string, isMore: boolean, dim: boolean, indent: string): Line {
  const shown = `${indent}${isMore ? ' ' : '$'} ${escapeControls(text)}`;
  return [{ text: shown, as: dim ? 'dim' : [], copied: 'line' }];
}

function proseLines(text: string, as: Colour, indent: string, { columns }: StepLook): Line[] {
  return wrap(sanitize(text), columns - indent.length).map((part): Line => [{ text: `${indent}${part}`, as }]);
}

function details(step: PlanStep, symbols: Symbols): Line[] {
  return [
    ...detailsOf(step).map((text): Line => [{ text: `${INDENT}${escapeControls(text)}`, as: 'dim' }]),
    ...(step.script?.trimEnd().split('\n') ?? []).map((line): Line => [
      { text: `${INDENT}${symbols.bar} ${escapeControls(line)}`, as: 'dim', copied: 'line' },
    ]),
  ];
}
