import { roughly } from '../duration.ts';
import type { Difference, PlanChanges, StepChange } from '../plan/changes-schema.ts';
import type { Plan } from '../plan/plan.ts';
import { SEVERITY_LOOK } from './finding.ts';
import { foldFindings } from './fold-findings.ts';
import { namesText } from './fold-names.ts';
import { groupBy } from './group.ts';
import { escapeMarkdown as escape, fenced } from './markdown.ts';
import { type OwnNames, ownNames } from './plan-names.ts';
import { createStyle, type Line, type Look } from './style.ts';
import { count, escapeControls, stepName } from './text.ts';

/** The two plans that were compared, and where the earlier one is saved. */
interface Compared {
  readonly before: Plan;
  readonly after: Plan;
  readonly file: string;
}

/** What changed since a saved plan, nodes that have it alike together. Ends with a newline. */
export function renderPlanChanges(changes: PlanChanges, compared: Compared, look: Look): string {
  const painted = (text: string): Line => {
    const colour = text.startsWith('+') ? 'green' : text.startsWith('-') ? 'red' : undefined;
    return [colour === undefined ? text : { text, as: colour }];
  };
  return createStyle(look).text([
    [{ text: titleOf(changes, compared), as: 'bold' }],
    ...sectionsOf(changes, compared).flatMap(({ title, lines }): Line[] => [
      [],
      [{ text: title, as: 'bold' }],
      ...lines.map(painted),
    ]),
    ...(changes.changed ? [[], [{ text: summaryOf(changes), as: 'bold' } as const]] : []),
  ]);
}

/** The same as a section of Markdown. */
export function markdownPlanChanges(changes: PlanChanges, compared: Compared): string {
  const sections = sectionsOf(changes, compared).map(
    ({ title, lines }) => `### ${escape(title)}\n\n${fenced(lines, 'diff')}`,
  );
  return [
    `## Changes since ${escape(compared.file)}`,
    `${escape(titleOf(changes, compared))}.${changes.changed ? ` ${escape(summaryOf(changes))}.` : ''}`,
    ...sections,
  ].join('\n\n');
}

function titleOf({ changed, against, cluster }: PlanChanges, { file }: Compared): string {
  const since = `since ${file} of ${cluster}, made ${against.createdAt}`;
  return changed ? `What changed ${since}` : `Nothing changed ${since}`;
}

interface Section {
  readonly title: string;
  /** Each begins with `+`, `-` or a blank, as those of a diff. */
  readonly lines: readonly string[];
}

function sectionsOf(changes: PlanChanges, { before, after }: Compared): Section[] {
  const names = ownNames({
    ...after,
    nodes: [...after.nodes, ...before.nodes.filter(({ name }) => !after.nodes.some((one) => one.name === name))],
    phases: [...after.phases, ...before.phases],
    findings: [...after.findings, ...before.findings],
  });
  const sections = [
    { title: 'Plan', lines: changes.about.flatMap((one) => differenceLines(withRanges(one), '')) },
    { title: 'Nodes', lines: nodeLines(changes) },
    ...stepSections(changes, names),
    { title: 'Findings', lines: findingLines(changes, names) },
    { title: 'Expected time', lines: timeLines(changes) },
  ];
  return sections.filter(({ lines }) => lines.length > 0);
}

/** The order of a phase's nodes with ranges in place of names that count up. */
function withRanges({ what, before, after }: Difference): Difference {
  const short = (text: string): string => {
    if (!what.endsWith(': order')) return text;
    const batches = text.split(' | ').map((batch) => batch.split(', '));
    return batches.every(({ length }) => length === 1)
      ? `${namesText(batches.flat())}, one at a time`
      : batches.map(namesText).join(' | ');
  };
  return {
    what,
    ...(before !== undefined && { before: short(before) }),
    ...(after !== undefined && { after: short(after) }),
  };
}

const SIGNS = { added: '+', new: '+', removed: '-', gone: '-', changed: ' ' } as const;

function nodeLines({ nodes }: PlanChanges): string[] {
  const alike = groupBy(nodes, ({ change, differences }) =>
    change === 'changed' ? JSON.stringify(differences) : change,
  );
  return [...alike.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const head = `${SIGNS[first.change]} ${namesText(group.map(({ node }) => node))}`;
    return [
      head,
      ...(first.change === 'changed' ? first.differences.flatMap((one) => differenceLines(one, '  ')) : []),
    ];
  });
}

function stepSections({ steps }: PlanChanges, names: OwnNames): Section[] {
  return [...groupBy(steps, ({ phase }) => phase)].map(([phase, own]) => ({
    title: `Steps of ${phase}`,
    lines: [...groupBy(own, (one) => sharedKey(one, names)).values()].flatMap((group) => stepLines(group, names)),
  }));
}

function sharedKey({ change, step, was, title, differences, node }: StepChange, names: OwnNames): string {
  return names.shared(JSON.stringify([change, step, was, title, differences]), node);
}

function stepLines(group: readonly StepChange[], names: OwnNames): string[] {
  const [first] = group;
  if (!first) return [];
  const { change, step, was, node } = first;
  const shared = (text: string): string => (group.length > 1 ? names.shared(text, node) : text);
  const renumbered = was === undefined ? '' : ` (was ${was})`;
  const on = namesText(group.map((one) => one.node));
  // The script of a step has its commands again.
  const hasCommands = first.differences.some(({ what }) => what === 'commands');
  const own = first.differences.filter(({ what }) => !hasCommands || what !== 'script');
  return [
    escapeControls(`${SIGNS[change]} ${stepName({ step, title: shared(first.title) })}${renumbered} on ${on}`),
    ...own.flatMap(({ what, before, after }) =>
      differenceLines(
        {
          what,
          ...(before !== undefined && { before: shared(before) }),
          ...(after !== undefined && { after: shared(after) }),
        },
        '    ',
      ),
    ),
  ];
}

function differenceLines({ what, before, after }: Difference, indent: string): string[] {
  const [was, is] = apart(before?.split('\n') ?? [], after?.split('\n') ?? []);
  const name = what === 'commands' ? '$ ' : `${what}: `;
  const line = (sign: string) => (text: string) =>
    escapeControls(`${sign} ${indent}${name}${text}`.replaceAll(/[\r\n]+/g, ' '));
  return [...was.map(line('-')), ...is.map(line('+'))];
}

/** Without the lines that both begin or end with. */
function apart(before: readonly string[], after: readonly string[]): [readonly string[], readonly string[]] {
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < most - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  return [before.slice(head, before.length - tail), after.slice(head, after.length - tail)];
}

function findingLines({ findings }: PlanChanges, names: OwnNames): string[] {
  return (['new', 'gone'] as const).flatMap((change) => {
    const own = findings.filter((one) => one.change === change).map(({ finding }) => finding);
    const sign = SIGNS[change];
    return foldFindings(own, names).flatMap(({ summaries, severity, guard, overridden, remedy }) => [
      ...summaries.flatMap(({ place, text, values }) => [
        `${sign} ${SEVERITY_LOOK[severity].word}: ${place === '' ? '' : `${place}: `}${escapeControls(text)} (${guard})`,
        ...values.map((value) => `${sign}     ${escapeControls(value)}`),
      ]),
      ...(overridden === undefined ? [] : [`${sign}     overridden: ${escapeControls(overridden)}`]),
      ...(remedy === '' || change === 'gone' ? [] : [`${sign}     do: ${escapeControls(remedy)}`]),
    ]);
  });
}

function timeLines({ expected }: PlanChanges): string[] {
  if (expected === undefined) return [];
  const [before, after] = [roughly(expected.before), roughly(expected.after)];
  return before === after ? [] : [`- ${before}`, `+ ${after}`];
}

function summaryOf({ steps, nodes, findings, about }: PlanChanges): string {
  const of = (all: readonly { readonly change: string }[], noun: string): string[] =>
    [...groupBy(all, ({ change }) => change)].map(([change, own]) => `${count(own.length, noun)} ${change}`);
  const plan = about.length === 0 ? [] : [`${count(about.length, 'difference')} of the plan itself`];
  return [...of(nodes, 'node'), ...of(steps, 'step'), ...of(findings, 'finding'), ...plan].join(', ');
}
