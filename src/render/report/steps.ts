import { groupBy } from '../group.ts';
import type { ReportAttempt, ReportSpan, ReportStep, RunReport, Standing } from '../report-data.ts';
import { count, duration, stepName } from '../text.ts';
import { withExpected } from './expected.ts';
import { markup, type Markup } from './markup.ts';
import { attemptEnd, clockOf, endOf, knownOf, lasted, stamp, STANDING_WORDS, workOn } from './words.ts';

/** One for each standing: no one has to tell colours apart. */
const SYMBOLS: Readonly<Record<Standing, string>> = {
  changed: '✔',
  unchanged: '=',
  skipped: '○',
  failed: '✖',
  unknown: '?',
  running: '▶',
  'left-running': '▶',
  pending: '·',
  change: '▶',
  read: '◇',
};

export function standingMark(standing: Standing): Markup {
  return markup`<span class="s ${standing}"><span aria-hidden="true">${SYMBOLS[standing]}</span> ${STANDING_WORDS[standing]}</span>`;
}

/** `7 changed, 1 failed` */
export function countsText(steps: readonly ReportStep[]): string {
  const groups = groupBy(steps, ({ outcome }) => outcome);
  return [...groups].map(([outcome, own]) => `${own.length} ${STANDING_WORDS[outcome]}`).join(', ');
}

/** The id of a step's element in a page. */
export function stepAnchor(index: number): string {
  return `s${index}`;
}

/** Every step of a node, by phase, with its commands and output folded. */
export function nodeSteps(report: RunReport, node: string): Markup {
  const own = report.steps.flatMap((step, index) => (step.node === node ? [{ step, index }] : []));
  const phases = groupBy(own, ({ step }) => step.phase);
  return markup`${[...phases].map(([number, steps]) => {
    const name = report.phases.find((phase) => phase.number === number)?.name ?? '';
    return markup`<h4>Phase ${number} ${name}</h4><ol class="steps">${steps.map(({ step, index }) => stepItem(report, step, index))}</ol>`;
  })}`;
}

function stepItem(report: RunReport, step: ReportStep, index: number): Markup {
  const { spans, outcome, reason, continued, expected } = step;
  const [first] = spans;
  const real =
    first === undefined
      ? ''
      : [clockOf(first.from, report), ...(report.kind === 'plan' ? [] : [duration(workOn(spans, report))])].join(', ');
  const time = withExpected(real, expected);
  const when = time === '' ? undefined : markup` <span class="t">${time}</span>`;
  return markup`<li id="${stepAnchor(index)}" tabindex="-1">${standingMark(outcome)} <b>${stepName(step)}</b>${when}${
    reason === '' ? undefined : markup`<p class="why">${reason}${continued ? ' (its node continued)' : ''}</p>`
  }${evidence(report, step)}</li>`;
}

/** What it runs, and each attempt with what it printed. */
function evidence(report: RunReport, { commands, spans, runsOn, outputs = {} }: ReportStep): Markup | undefined {
  const attempts = spans.flatMap((span) => span.attempts);
  if (commands.length === 0 && attempts.length === 0) return undefined;
  const parts = [
    ...(commands.length > 0 ? [count(commands.length, 'command')] : []),
    ...(attempts.length > 0 ? [count(attempts.length, 'attempt')] : []),
  ];
  const texts = commands.map((index) => report.texts[index] ?? '').join('\n');
  const written = Object.entries(outputs).map(([key, value]) => `${key}=${value}`);
  return markup`<details><summary>${parts.join(', ')}</summary>${
    runsOn === undefined ? undefined : markup`<p>On ${runsOn}:</p>`
  }${commands.length === 0 ? undefined : markup`<pre class="c">${texts}</pre>`}${spans.map((span) =>
    spanPart(report, span, spans.length > 1),
  )}${written.length === 0 ? undefined : markup`<p>Outputs:</p><pre>${written.join('\n')}</pre>`}</details>`;
}

function spanPart(report: RunReport, span: ReportSpan, isOneOfSeveral: boolean): Markup {
  const { outcome, to, from, reason, attempts } = span;
  const ended =
    isOneOfSeveral && outcome !== undefined
      ? markup`<p>${standingMark(outcome)} at ${stamp(to ?? from, report)}: ${reason}</p>`
      : undefined;
  return markup`${attempts.map((attempt) => attemptPart(report, attempt))}${ended}`;
}

function attemptPart(report: RunReport, attempt: ReportAttempt): Markup {
  const { from, to, host, output } = attempt;
  const until = to === undefined ? '' : ` to ${clockOf(to, report)}`;
  const took = duration(lasted(from, to, endOf(report)));
  const head = `Attempt ${attempt.attempt} on ${host === 'local' ? 'this machine' : host}, ${stamp(from, report)}${until} (${took}): ${attemptEnd(attempt)}`;
  const printed =
    output === undefined
      ? markup`<p class="t">No output is kept here.</p>`
      : markup`<pre>${report.texts[output] ?? ''}</pre>`;
  return markup`<p>${head}</p>${printed}${knownTexts(attempt, report)}`;
}

/** What is known of what an attempt printed, and what to do. */
export function knownTexts(attempt: ReportAttempt | undefined, report: RunReport): Markup | undefined {
  const known = attempt ? knownOf(attempt, report) : [];
  if (known.length === 0) return undefined;
  return markup`${known.map(
    ({ id, meaning, remedy }) =>
      markup`<p class="known"><b>${id}</b>: ${meaning} <span><b>Do:</b> ${remedy}</span></p>`,
  )}`;
}
