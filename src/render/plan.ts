import { stepsOfPhase, stepsOfPlan } from '../plan/all-steps.ts';
import { windowText } from '../plan/pace.ts';
import { type Plan, type PlanNode, type PlanPhase, type PlanStep, type Prediction, whySkipped } from '../plan/plan.ts';
import { placeOf } from '../plan/hooks.ts';
import { SEVERITIES } from '../event.ts';
import { findingLines } from './finding.ts';
import { asWritten } from '../plan/deferred.ts';
import { paceLines } from './pace.ts';
import { placeName } from './place.ts';
import type { Colour, Line, Look, Style, Symbols } from './style.ts';
import { createStyle, wrapLine } from './style.ts';
import { count, duration, escapeControls, listNames, sanitize, stepName, widthOf, wrap } from './text.ts';

interface PlanLook extends Look {
  /** Whole scripts, time limits and conditions too. */
  readonly verbose: boolean;
  /** Prose is broken to this width. Commands never are: they stay as they run. */
  readonly columns: number;
}

/** What a plan would do in a few lines, for the question before it is done. Ends with a newline. */
export function renderPlanSummary(plan: Plan, look: PlanLook): string {
  const style = createStyle(look);
  const phases = plan.phases.flatMap((phase): Line[] => {
    const changing = stepsOfPhase(phase).filter((step) => step.predicted.outcome === 'change');
    if (changing.length === 0) return [];
    const nodes = phase.batches.flat().filter((name) => changing.some((step) => step.node === name));
    const actions = [...new Set(changing.map((step) => (step.action === 'run' ? step.title : step.action)))];
    return [
      [{ text: `  ${phase.number} ${phase.name}`, as: 'bold' }, `: ${listNames(nodes, 6)}`],
      ...wrap(sanitize(actions.join(', ')), look.columns - 4).map((text): Line => [{ text: `    ${text}`, as: 'dim' }]),
    ];
  });
  const way: Line[] = plan.way ? [[`  ${wayText(plan.way)}`]] : [];
  return style.text([[], ...way, ...phases, [], summary(plan)]);
}

/** What a plan would do, for people: every node, every step, its commands; then all findings. Ends with a newline. */
export function renderPlan(plan: Plan, look: PlanLook): string {
  const style = createStyle(look);
  const nodes = new Map(plan.nodes.map((node) => [node.name, node]));
  const lines: Line[] = [
    ...header(plan, look.columns),
    ...plan.phases.flatMap((phase) => phaseLines(phase, plan, nodes, look, style)),
    ...hookLines(plan, look.columns),
    ...[...findings(plan, style.symbols), [], summary(plan)].flatMap((line) => wrapLine(line, look.columns)),
  ];
  return style.text(lines);
}

function header(plan: Plan, columns: number): Line[] {
  const inputs = Object.entries(plan.inputs).map(([name, value]) => `${name}=${valueText(value)}`);
  const nodes = plan.nodes.map((node) => node.name).join(', ');
  return [
    [{ text: `Plan: ${plan.runbook.name} on ${plan.inventory.cluster}`, as: 'bold' }],
    ...field('runbook', plan.runbook.file, columns),
    ...field('inventory', plan.inventory.file, columns),
    ...(inputs.length === 0 ? [] : field('inputs', inputs.join(' '), columns)),
    ...(plan.way ? field('way', wayText(plan.way), columns) : []),
    ...(plan.limit === undefined ? [] : field('limited to', plan.limit, columns)),
    ...(plan.window ? field('window', windowText(plan.window), columns) : []),
    ...field('nodes', `${plan.nodes.length}: ${nodes}`, columns),
    ...field('digest', plan.digest, columns),
  ];
}

/** `1.31.9 -> 1.32.9 -> 1.33.12 -> 1.34.1` */
function wayText({ from, through }: NonNullable<Plan['way']>): string {
  return [...(through[0] === from ? [] : [from]), ...through].join(' -> ');
}

function valueText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
}

function field(name: string, value: string, columns: number): Line[] {
  const label = `  ${name.padEnd(11)}`;
  return wrap(sanitize(value), columns - label.length).map((line, index): Line => [
    index === 0 ? { text: label, as: 'dim' } : ' '.repeat(label.length),
    line,
  ]);
}

function phaseLines(
  phase: PlanPhase,
  plan: Plan,
  nodes: ReadonlyMap<string, PlanNode>,
  look: PlanLook,
  style: Style,
): Line[] {
  const order = phase.batches.flat();
  const largest = Math.max(0, ...phase.batches.map((batch) => batch.length));
  const pace = order.length < 2 ? '' : largest === 1 ? ', one at a time' : `, up to ${largest} at a time`;
  const skipped = whySkipped(phase);
  const hop = phase.hop && !phase.name.startsWith(phase.hop.version) ? `, to ${phase.hop.version}` : '';
  const lines: Line[] = [
    [],
    [
      { text: `Phase ${phase.number}/${plan.phases.at(-1)?.number ?? 0} ${phase.name}`, as: 'bold' },
      {
        text: skipped === undefined ? `  ${count(order.length, 'node')}${pace}${hop}` : `  skipped: ${skipped}`,
        as: 'dim',
      },
    ],
    ...paceLines(phase),
  ];
  for (const name of order) {
    const node = nodes.get(name);
    const object = node?.object === undefined ? '' : `, Node object ${node.object}`;
    const about = node === undefined ? '' : `  ${node.host}, ${node.role}${object}`;
    lines.push([`  `, { text: name, as: 'bold' }, { text: about, as: 'dim' }]);
    for (const step of phase.steps)
      if (step.node === name) lines.push(...stepLines(step, plan.findings, look, style.symbols));
    const always = (phase.always ?? []).filter((step) => step.node === name);
    if (always.length > 0) lines.push([{ text: '    always, after its steps:', as: 'dim' }]);
    for (const step of always) lines.push(...stepLines(step, plan.findings, look, style.symbols));
  }
  return lines;
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

/** Lines of commands that a step shows without -v. */
const SHOWN = 12;

function stepLines(step: PlanStep, findings: Plan['findings'], look: PlanLook, symbols: Symbols): Line[] {
  const { word, colour, symbol } = PREDICTED[step.predicted.outcome];
  const mark = `    ${symbols[symbol]} ${word.padEnd(7)}`;
  const head = stepName({ step: step.id, title: step.title });
  const reason = sanitize(step.predicted.reason);
  const oneLine = widthOf(mark) + widthOf(head) + 2 + widthOf(reason) <= look.columns;
  const text = wrap(sanitize(head), look.columns - widthOf(mark));
  const indent = ' '.repeat(widthOf(mark));
  const lines: Line[] = text.map((part, index): Line => [
    index === 0 ? { text: mark, as: colour } : indent,
    part,
    oneLine && reason !== '' ? { text: `: ${reason}`, as: 'dim' } : '',
  ]);
  if (!oneLine) for (const part of wrap(reason, look.columns - 8)) lines.push([{ text: `        ${part}`, as: 'dim' }]);
  if (step.check !== undefined) lines.push(...checkLines(step, asWritten(step.check, step.deferred), look.verbose));
  const commandColour: Colour | undefined = word === 'change' ? undefined : 'dim';
  const shown = look.verbose || step.commands.length <= SHOWN ? step.commands : step.commands.slice(0, SHOWN - 2);
  for (const command of shown) lines.push(...commandLines(command, commandColour));
  const hidden = step.commands.length - shown.length;
  if (hidden > 0) lines.push([{ text: `        ... and ${count(hidden, 'line')} more (-v shows them)`, as: 'dim' }]);
  for (const part of forecast(step, findings)) lines.push(...wrap(part, look.columns - 8).map(indented));
  return look.verbose ? [...lines, ...details(step, symbols)] : lines;
}

/** Notes on one step that are printed beside it, not with the others. */
const BESIDE = 'drain-forecast';

function forecast(step: PlanStep, findings: Plan['findings']): string[] {
  return findings
    .filter((one) => one.guard === BESIDE && one.step === step.id && one.node === step.node)
    .map((one) => sanitize(`forecast: ${one.summary}. ${one.remedy}`));
}

function indented(text: string): Line {
  return [{ text: `        ${text}`, as: 'cyan' }];
}

/** It runs while planning too where it can, so it is shown like a command. */
function checkLines({ place, node }: PlanStep, check: string, verbose: boolean): Line[] {
  const all = check.trimEnd().split('\n').map(escapeControls);
  const shown = verbose || all.length <= SHOWN ? all : all.slice(0, SHOWN - 2);
  const hidden = all.length - shown.length;
  return [
    ...shown.map((line, index) => (index === 0 ? `check on ${placeName(place) ?? node}: ${line}` : `    ${line}`)),
    ...(hidden > 0 ? [`... and ${count(hidden, 'line')} more (-v shows them)`] : []),
  ].map((text): Line => [{ text: `        ${text}`, as: 'dim' }]);
}

function commandLines(command: string, colour: Colour | undefined): Line[] {
  return command.split('\n').map((line, index): Line => {
    const text = `        ${index === 0 ? '$' : ' '} ${escapeControls(line)}`;
    return [colour === undefined ? text : { text, as: colour }];
  });
}

function details(step: PlanStep, symbols: Symbols): Line[] {
  const limit = step.timeout === 0 ? 'none' : `${step.timeout / 1000}s`;
  const pause = step.retryDelay === undefined ? '' : ` after ${duration(step.retryDelay)} each`;
  const retries = `retries ${step.retries}${pause}`;
  const facts = [`time limit ${limit}, then ${step.onTimeout}`, retries, `effect ${step.effect}`];
  if (step.undoneBy !== undefined) facts.push(`done again by resume where ${step.undoneBy} has undone it`);
  if (step.continueOnError === true) facts.push('if it fails, the node continues');
  if (step.place !== 'node') facts.push(`runs on ${step.place === 'kubectl' ? "kubectl's machine" : step.place}`);
  if (step.if !== undefined) facts.push(`if ${step.if}`);
  const lines: Line[] = [[{ text: `        ${facts.join('; ')}`, as: 'dim' }]];
  for (const [name, value] of Object.entries({ ...step.env, ...step.deferred }))
    for (const [index, line] of value.trimEnd().split('\n').entries())
      lines.push([{ text: `        env ${index === 0 ? `${name}=` : '  '}${escapeControls(line)}`, as: 'dim' }]);
  for (const [name, input] of Object.entries(step.secrets ?? {}))
    lines.push([{ text: `        secret ${name}: a file with the input ${input}`, as: 'dim' }]);
  for (const line of step.script?.trimEnd().split('\n') ?? [])
    lines.push([{ text: `        ${symbols.bar} ${escapeControls(line)}`, as: 'dim' }]);
  return lines;
}

const MOMENTS = { failure: 'if it fails', stop: 'if it is stopped', success: 'if it succeeds' } as const;

/** What is done once the run has ended. */
function hookLines({ hooks = [] }: Plan, columns: number): Line[] {
  if (hooks.length === 0) return [];
  return [
    [],
    [
      { text: 'After the end of the run', as: 'bold' },
      { text: '  on this machine', as: 'dim' },
    ],
    ...hooks.flatMap(({ on, title, timeout, commands = [], notify }): Line[] => [
      ...wrapLine(
        [`  ${MOMENTS[on]}: ${sanitize(title)}`, { text: `  time limit ${timeout / 1000}s`, as: 'dim' }],
        columns,
      ),
      ...(notify ? [[{ text: `        POST ${sanitize(placeOf(notify.url))}`, as: 'dim' } as const]] : []),
      ...commands.map((line, index): Line => [`        ${index === 0 ? '$' : ' '} ${escapeControls(line)}`]),
    ]),
  ];
}

const TITLES = { refuse: 'Refused: apply would stop here', warn: 'Warnings', note: 'Notes' } as const;

function findings(plan: Plan, symbols: Symbols): Line[] {
  return SEVERITIES.flatMap((severity): Line[] => {
    const of = plan.findings.filter((finding) => finding.severity === severity && finding.guard !== BESIDE);
    if (of.length === 0) return [];
    return [
      [],
      [{ text: `${TITLES[severity]} (${of.length})`, as: 'bold' }],
      ...of.flatMap((finding) => findingLines(finding, symbols)).map((line): Line => ['  ', ...line]),
    ];
  });
}

function summary(plan: Plan): Line {
  const steps = stepsOfPlan(plan);
  const of = (outcome: Prediction['outcome']): PlanStep[] => steps.filter((step) => step.predicted.outcome === outcome);
  const changes = of('change');
  const nodes = new Set(changes.map((step) => step.node)).size;
  const parts = [
    changes.length === 0
      ? 'nothing to change'
      : `would change ${count(changes.length, 'step')} on ${count(nodes, 'node')}`,
    `${of('unchanged').length} already done`,
    ...(of('skipped').length > 0 ? [`${of('skipped').length} skipped`] : []),
    ...(of('read').length > 0 ? [`${of('read').length} that only read or wait`] : []),
  ];
  const refused = plan.findings.filter((finding) => finding.severity === 'refuse').length;
  return [
    { text: parts.join('; '), as: 'bold' },
    ...(refused > 0 ? [{ text: `; refused by ${count(refused, 'finding')}`, as: ['bold', 'red'] } as const] : []),
  ];
}
