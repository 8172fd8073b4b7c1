import { groupBy } from './group.ts';
import type { ReportStep, RunReport } from './report-data.ts';
import { attemptEnd, STANDING_WORDS, workOn } from './report/words.ts';

/** For a CI server: a test suite per node, a test case per planned step. Ends with a newline. */
export function renderJunit(report: RunReport): string {
  const phases = new Map(report.phases.map(({ number, name }) => [number, `${number} ${name}`]));
  const byNode = groupBy(report.steps, ({ node }) => node);
  const suites = [...byNode].map(([node, steps]) => {
    const started = steps.flatMap(({ spans }) => spans.map(({ from }) => from)).toSorted()[0];
    const attributes = { name: node, hostname: node, ...tally(steps, report), timestamp: started };
    const cases = steps.map((step) => testCase(step, phases.get(step.phase) ?? String(step.phase), report));
    return element('testsuite', attributes, cases);
  });
  const name = `${report.kind === 'rehearsal' ? 'rehearsal of ' : ''}${report.runbook.name} on ${report.cluster}: ${report.run}`;
  const head = { name, ...tally(report.steps, report), timestamp: report.startedAt };
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('testsuites', head, suites)}`;
}

function testCase(step: ReportStep, phase: string, report: RunReport): string {
  const name = `${step.step} ${step.title}`;
  const attributes = { classname: phase, name, time: seconds(workOn(step.spans, report)) };
  return element('testcase', attributes, result(step, report));
}

function result(step: ReportStep, report: RunReport): string[] {
  const { outcome, reason } = step;
  switch (outcome) {
    case 'changed':
    case 'unchanged':
      return [];
    case 'failed':
      return [element('failure', { message: reason, type: outcome }, [], evidence(step, report))];
    case 'unknown':
      return [element('error', { message: reason, type: outcome }, [], evidence(step, report))];
    case 'skipped':
      return [element('skipped', { message: reason })];
    case 'running':
    case 'left-running':
    case 'pending':
    case 'change':
    case 'read':
      return [element('skipped', { message: STANDING_WORDS[outcome] })];
  }
}

/** What ran, and what the last attempt printed. */
function evidence({ commands, spans }: ReportStep, { texts }: RunReport): string {
  const last = spans.at(-1)?.attempts.at(-1);
  return [
    ...commands.map((index) => `$ ${texts[index] ?? ''}`),
    ...(last?.output === undefined ? [] : [texts[last.output] ?? '']),
    ...(last ? [attemptEnd(last)] : []),
  ].join('\n');
}

function tally(steps: readonly ReportStep[], report: RunReport) {
  const of = (...standings: readonly string[]): number =>
    steps.filter(({ outcome }) => standings.includes(outcome)).length;
  return {
    tests: steps.length,
    failures: of('failed'),
    errors: of('unknown'),
    skipped: of('skipped', 'running', 'left-running', 'pending', 'change', 'read'),
    time: seconds(steps.reduce((sum, { spans }) => sum + workOn(spans, report), 0)),
  };
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}

function element(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  children: readonly string[] = [],
  text = '',
): string {
  const pairs = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}="${escapeXml(String(value)).replaceAll('\n', '&#10;')}"`],
  );
  const open = `<${name}${pairs.join('')}`;
  if (children.length === 0 && text === '') return `${open}/>\n`;
  const inside = children.length > 0 ? `\n${children.join('')}` : escapeXml(text);
  return `${open}>${inside}</${name}>\n`;
}

/** XML 1.0 has no place for these, not even as references: section 2.2, Char. */
const NO_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

function escapeXml(text: string): string {
  return text
    .replaceAll(NO_XML, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
