import { groupBy } from '../group.ts';
import type { ReportMark, ReportNode, ReportStep, RunReport } from '../report-data.ts';
import { duration, elapsed } from '../text.ts';
import { markup, Markup } from './markup.ts';
import { type Scale, scaleOf, ticksOf, WIDTH } from './scale.ts';
import { countsText } from './steps.ts';
import { clockOf, endOf, lasted, MARK_WORDS, outageText, spanStanding, stamp, STANDING_WORDS } from './words.ts';

/** Height of a row in units, and from where to where a bar reaches. */
const HEIGHT = 20;
/** Times on the axis, at most. */
const TICKS = 8;
const BAR = { y: 5, height: 10 };
/** A bar of what went wrong is higher: it is found without its colour too. */
const BAD = { y: 1, height: 18 };

/** What a bar is drawn as: an outcome, that its step has none yet, or what a plan expects of it. */
const CLASSES = ['changed', 'unchanged', 'skipped', 'unknown', 'failed', 'running', 'change', 'read'] as const;

/** Marks that are not shown above the bars: retries are seen in them. */
const HIDDEN: ReadonlySet<ReportMark['kind']> = new Set(['overridden', 'retried', 'again', 'hook']);

/** Nodes and their steps to scale, with the time out of service behind them. */
export function timeline(report: RunReport): Markup {
  const scale = scaleOf(report);
  if (!scale || report.steps.every(({ spans }) => spans.length === 0 && report.kind === 'plan'))
    return markup`<p>Nothing is to be done: there is nothing to draw.</p>`;
  const byNode = groupBy(report.steps, ({ node }) => node);
  const rows = report.nodes.map((node) => row(report, scale, node, byNode.get(node.name) ?? []));
  return markup`${legend(report)}${grid(scale)}<table class="line"><caption>${spanText(report)} A click on a bar opens its step.</caption><thead><tr><th scope="col">Node</th><th scope="col"><span class="sr">Time</span>${axis(report, scale)}</th></tr></thead><tbody>${marksRow(report, scale)}<tr class="bands"><th scope="row">Phases</th><td>${bands(report, scale)}</td></tr>${rows}</tbody></table>`;
}

function spanText(report: RunReport): string {
  const end = endOf(report) ?? '';
  if (report.kind === 'plan')
    return `As expected: ${elapsed(lasted(report.startedAt ?? end, undefined, end))} from its start to its end.`;
  return `From ${stamp(report.startedAt ?? '', report)} to ${stamp(end, report)}.`;
}

function marksRow(report: RunReport, scale: Scale): Markup | undefined {
  if (report.kind === 'plan' && report.marks.length === 0) return undefined;
  const title = report.kind === 'plan' ? 'Waits for a person' : 'What happened';
  return markup`<tr class="marks"><th scope="row">${title}</th><td>${marks(report, scale)}</td></tr>`;
}

function legend({ steps, nodes }: RunReport): Markup {
  const seen = new Set(steps.flatMap((step) => step.spans.map((span) => spanStanding(span, step))));
  const known = CLASSES.filter((name) => seen.has(name));
  const out = nodes.some(({ outages }) => outages.length > 0);
  return markup`<ul class="legend">${known.map((name) => markup`<li><i class="${name}"></i>${STANDING_WORDS[name]}</li>`)}${
    out ? markup`<li><i class="out"></i>out of service (cordoned or drained, until it is uncordoned)</li>` : undefined
  }</ul>`;
}

/** Lines at the times of the axis, drawn once and shown in each row. */
function grid(scale: Scale): Markup {
  const lines = ticksOf(scale, TICKS).map((at) => `M${scale.x(at)} 0v${HEIGHT}`);
  return markup`<svg class="defs" width="0" height="0" aria-hidden="true"><defs><path id="grid" class="grid" d="${lines.join('')}"/></defs></svg>`;
}

function percent(x: number): string {
  return `${x / 100}%`;
}

function axis(report: RunReport, scale: Scale): Markup {
  const ticks = ticksOf(scale, TICKS).filter((at) => scale.x(at) < 0.97 * WIDTH);
  const breaks = scale.breaks.map((one) => {
    const middle = percent((scale.x(one.from) + scale.x(one.to)) / 2);
    return markup`<text x="${middle}" y="12" text-anchor="middle">⋯<title>${duration(one.to - one.from)} without work, drawn shorter</title></text>`;
  });
  const labels = ticks.map((at, index) => {
    const x = percent(scale.x(at));
    // A narrow screen has room for every third.
    const fine = index % 3 === 1 ? '' : 'fine';
    return markup`<line x1="${x}" x2="${x}" y1="14" y2="20"/><text class="${fine}" x="${x}" y="12">${clockOf(new Date(at).toISOString(), report)}</text>`;
  });
  return markup`<svg class="axis" aria-hidden="true">${labels}${breaks}</svg>`;
}

function marks(report: RunReport, scale: Scale): Markup {
  const shown = report.marks.flatMap((mark, index) => (HIDDEN.has(mark.kind) ? [] : [{ mark, index }]));
  const drawn = shown.map(({ mark, index }) => {
    const x = percent(scale.x(Date.parse(mark.at)));
    const text = `${clockOf(mark.at, report)} ${MARK_WORDS[mark.kind]}: ${mark.text}`;
    return markup`<a href="#m${index}" aria-label="${text}"><circle class="${mark.kind}" cx="${x}" cy="10" r="6"><title>${text}</title></circle></a>`;
  });
  return markup`<svg class="points">${drawn}</svg>`;
}

function bands(report: RunReport, scale: Scale): Markup {
  const drawn = report.phases.flatMap(({ number, name, from, to }) => {
    const end = to ?? endOf(report);
    if (from === undefined || end === undefined) return [];
    const [left, right] = [scale.x(Date.parse(from)), scale.x(Date.parse(end))];
    const label = right - left > 250 ? markup`<text x="${percent(left + 40)}" y="14">${number}</text>` : undefined;
    const text = `Phase ${number} ${name}: ${clockOf(from, report)} to ${clockOf(end, report)}`;
    return [
      markup`<g><title>${text}</title><rect class="${number % 2 === 0 ? 'even' : 'odd'}" x="${percent(left)}" width="${percent(right - left)}" y="1" height="18"/>${label}</g>`,
    ];
  });
  return markup`<svg class="band" role="img" aria-label="The phases; their times are in the table of phases">${drawn}</svg>`;
}

function row(report: RunReport, scale: Scale, node: ReportNode, steps: readonly ReportStep[]): Markup {
  const end = scale.to;
  const outages = node.outages.map(({ from, to }) =>
    box(scale, Date.parse(from), to === undefined ? end : Date.parse(to), { y: 0, height: HEIGHT }),
  );
  const bars = CLASSES.map((name) => {
    const boxes = steps.flatMap((step) =>
      step.spans
        .filter((span) => spanStanding(span, step) === name)
        .map(({ from, to }) =>
          box(
            scale,
            Date.parse(from),
            to === undefined ? end : Date.parse(to),
            name === 'failed' || name === 'unknown' ? BAD : BAR,
          ),
        ),
    );
    return boxes.length === 0 ? undefined : path(name, boxes);
  });
  const out = outageText(node, report);
  const label = `${whenText(report, steps)}${out === '' ? '' : `; out of service ${out}`}`;
  return markup`<tr><th scope="row"><a href="#n-${node.name}">${node.name}</a></th><td><svg class="row" role="img" aria-label="${label}" data-node="${node.name}" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none"><use href="#grid"/>${
    outages.length === 0 ? undefined : path('out', outages)
  }${bars}</svg></td></tr>`;
}

/** What the bars of a node show, in words. */
function whenText(report: RunReport, steps: readonly ReportStep[]): string {
  const spans = steps.flatMap((step) => step.spans);
  const from = spans.map((span) => span.from).toSorted()[0];
  const to = spans
    .map((span) => span.to ?? endOf(report) ?? span.from)
    .toSorted()
    .at(-1);
  if (from === undefined || to === undefined) return countsText(steps) || 'no steps';
  return `${clockOf(from, report)} to ${clockOf(to, report)}: ${countsText(steps)}`;
}

function box(
  scale: Scale,
  from: number,
  to: number,
  { y, height }: { readonly y: number; readonly height: number },
): string {
  const [left, right] = [scale.x(from), scale.x(to)];
  return `M${left} ${y}h${right - left}v${height}h${left - right}z`;
}

function path(name: string, boxes: readonly string[]): Markup {
  return new Markup(`<path class="${name}" d="${boxes.join('')}"/>`);
}
