import type { Finding } from '../../event.ts';
import { namesText } from '../fold-names.ts';
import { groupBy } from '../group.ts';
import type { RunReport } from '../report-data.ts';
import { duration } from '../text.ts';
import { hasExpected, withExpected, workText } from './expected.ts';
import { markup, type Markup } from './markup.ts';
import { countsText, stepAnchor } from './steps.ts';
import { endOf, lasted, MARK_WORDS, outageText, stamp, versionTexts } from './words.ts';

export function history(report: RunReport): Markup | undefined {
  const isPlan = report.kind === 'plan';
  if (isPlan && report.marks.length === 0) return undefined;
  const places = new Map(report.steps.map(({ node, step }, index) => [`${node}/${step}`, index]));
  const rows = report.marks.map(({ at, kind, text, by, node, step }, number): Row => {
    const index = places.get(`${node ?? ''}/${step ?? ''}`);
    const where = placeText(node, step);
    const link = index === undefined ? where : markup`<a href="#${stepAnchor(index)}">${where}</a>`;
    const what = markup`<span class="k ${kind}">${MARK_WORDS[kind]}</span>`;
    return { id: `m${number}`, cells: [stamp(at, report), what, link, by, text] };
  });
  const title = isPlan ? 'Where the run waits for a person' : 'What happened';
  return table(title, ['When', 'What', 'Where', 'By whom', 'In words'], rows, 'The journal has no record.');
}

export function phases(report: RunReport): Markup {
  const byPhase = groupBy(report.steps, ({ phase }) => phase);
  const hasHops = report.phases.some(({ hop }) => hop !== undefined);
  const rows = report.phases.map(({ number, name, hop, batches, skipped, from, to, expected }): Row => {
    const started = from === undefined ? '' : stamp(from, report);
    const real = from === undefined || report.kind === 'plan' ? '' : duration(lasted(from, to, endOf(report)));
    const took = withExpected(real, expected);
    const steps = skipped === undefined ? countsText(byPhase.get(number) ?? []) : `skipped: ${skipped}`;
    const release = hasHops ? [hop] : [];
    return { cells: [String(number), name, ...release, namesText(batches.flat()), started, took, steps] };
  });
  const titles = [
    'No.',
    'Phase',
    ...(hasHops ? ['Release'] : []),
    'Nodes',
    report.kind === 'plan' ? 'Starts' : 'Started',
    report.kind === 'plan' ? 'Takes' : 'Took',
    'Steps',
  ];
  return table('Phases', titles, rows, 'The plan has no phases.');
}

export function nodes(report: RunReport): Markup {
  // A plan has what it changes, not what there is.
  const knowsVersions = report.kind !== 'plan' || report.nodes.some(({ before }) => before);
  const byNode = groupBy(report.steps, ({ node }) => node);
  const rows = report.nodes.map((node): Row => {
    const now = node.leftOut === undefined ? (node.cordoned ? 'cordoned' : '') : `left out: ${node.leftOut}`;
    const own = byNode.get(node.name) ?? [];
    const steps = [countsText(own), now].filter((text) => text !== '').join('; ');
    const work = hasExpected(report) ? [workText(report.kind === 'plan' ? [] : own, node.expected, report)] : [];
    const versions = knowsVersions ? [versionTexts(node.before, node.after).join(', ') || 'not known'] : [];
    const link = markup`<a href="#n-${node.name}">${node.name}</a>`;
    return { cells: [link, node.role, ...versions, outageText(node, report) || 'never', ...work, steps] };
  });
  const work = hasExpected(report) ? ['Time at work'] : [];
  const versions = knowsVersions ? ['Versions before → after'] : [];
  const titles = ['Node', 'Role', ...versions, 'Out of service', ...work, 'Steps'];
  return table('Nodes', titles, rows, 'The plan has no nodes.');
}

export function guards(report: RunReport): Markup {
  const overrides = report.overrides.map(({ guard, node, reason, by, at }): Row => {
    const when = at === undefined ? 'not recorded' : stamp(at, report);
    return { cells: [guard, node ?? 'wherever it refuses', reason, by ?? 'not recorded', when] };
  });
  const given = table(
    'Overridden guards',
    ['Guard', 'Where', 'Reason', 'By whom', 'When'],
    overrides,
    'No guard was overridden.',
  );
  const found = table(
    report.kind === 'plan' ? 'Findings of the guards' : 'Findings of the guards before the run',
    ['Severity', 'Guard', 'Where', 'Finding', 'Source of the rule'],
    foldedFindings(report.findings).map(findingRow),
    'The guards found nothing.',
  );
  return markup`${given}${found}`;
}

function findingRow({ severity, guard, step, summary, remedy, source, overridden, nodes: names }: FoldedFinding): Row {
  const level = markup`<span class="k ${severity}">${severity}</span>${overridden === undefined ? '' : ' overridden'}`;
  const why = overridden === undefined ? undefined : markup`<p><b>Overridden:</b> ${overridden}</p>`;
  const what = markup`${summary}${why}${remedy === '' ? undefined : markup`<p>${remedy}</p>`}`;
  return { cells: [level, guard, placeText(namesText(names), step), what, source] };
}

interface FoldedFinding extends Finding {
  readonly nodes: readonly string[];
}

/** What a guard found alike on several nodes, once, with `<node>` in the place of their names. */
function foldedFindings(findings: readonly Finding[]): FoldedFinding[] {
  const shared = (text: string, node: string | undefined): string =>
    node === undefined
      ? text
      : text
          .split(/([\w.-]+)/)
          .map((word) => (word === node ? '<node>' : word))
          .join('');
  const groups = groupBy(findings, ({ node, summary, remedy, ...rest }) =>
    JSON.stringify([rest, shared(summary, node), shared(remedy, node)]),
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const names = group.flatMap(({ node }) => node ?? []);
    if (group.length === 1) return [{ ...first, nodes: names }];
    const { summary, remedy, node } = first;
    return [{ ...first, summary: shared(summary, node), remedy: shared(remedy, node), nodes: names }];
  });
}

function placeText(node: string | undefined, step: string | undefined): string {
  return [node ?? '', step ?? ''].filter((part) => part !== '').join(' ');
}

type Cell = string | Markup | undefined;

interface Row {
  readonly id?: string;
  readonly cells: readonly Cell[];
}

/** On a narrow screen each row is a block, whose cells have the titles of their columns beside them. */
function table(title: string, titles: readonly string[], rows: readonly Row[], none: string): Markup {
  if (rows.length === 0) return markup`<section><h2>${title}</h2><p>${none}</p></section>`;
  const heads = titles.map((name) => markup`<th scope="col">${name}</th>`);
  const body = rows.map(({ id, cells }) => {
    const own = cells.map((cell, index) => markup`<td data-l="${titles[index]}">${cell}</td>`);
    return id === undefined ? markup`<tr>${own}</tr>` : markup`<tr id="${id}" tabindex="-1">${own}</tr>`;
  });
  return markup`<section><h2>${title}</h2><table class="list"><thead><tr>${heads}</tr></thead><tbody>${body}</tbody></table></section>`;
}
