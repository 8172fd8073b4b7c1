import { z } from 'zod';
import { type Finding, findingSchema, SEVERITIES } from '../event.ts';
import type { DeepReadonly } from '../readonly.ts';
import { findingLines, SEVERITY_LOOK } from './finding.ts';
import { keptText } from './kept.ts';
import { createStyle, type Line, type Look, type Symbols } from './style.ts';
import { count, listNames } from './text.ts';
import { pad, widthOf, wrap } from './width.ts';

/** What `preflight --output json` prints: one document. */
export const preflightSchema = z.strictObject({
  cluster: z.string(),
  runbook: z.exactOptional(z.string()),
  /** The facts file that was judged, and when it was read. */
  facts: z.exactOptional(z.strictObject({ file: z.string(), readAt: z.string() })),
  nodes: z.array(z.string()),
  /** Findings of nodes that --limit leaves out, which were judged too. */
  notShown: z.exactOptional(z.number()),
  findings: z.array(findingSchema),
  /**
   * Every guard with its worst finding. `unknown`: a fact it needs could not be read; `not-asked`: it judges steps,
   * none was planned.
   */
  guards: z.array(
    z.strictObject({
      id: z.string(),
      title: z.string(),
      source: z.string(),
      says: z.enum([...SEVERITIES, 'unknown', 'not-asked', 'holds']),
    }),
  ),
});
export type Preflight = DeepReadonly<z.infer<typeof preflightSchema>>;

/** The JSON Schema (draft 2020-12) of that document. */
export function preflightJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(preflightSchema), title: 'What runbook preflight found' };
}

const ORDER = [...SEVERITIES, 'unknown', 'holds', 'not-asked'] as const;
const STATE = {
  ...SEVERITY_LOOK,
  unknown: { word: 'unknown', colour: 'magenta', symbol: 'unknown' },
  holds: { word: 'holds', colour: 'green', symbol: 'change' },
  'not-asked': { word: 'no step', colour: 'dim', symbol: 'skipped' },
} as const;

/** A table of all guards with their results, then each finding with what to do about it. Ends with a newline. */
export function renderPreflight(found: Preflight, look: Look & { readonly columns: number }, now = Date.now()): string {
  const style = createStyle(look);
  const { symbols } = style;
  const head = found.runbook === undefined ? found.cluster : `${found.runbook} on ${found.cluster}`;
  const lines: Line[] = [
    [{ text: `Preflight: ${head}`, as: 'bold' }],
    [{ text: `${count(found.nodes.length, 'node')}: ${listNames(found.nodes, 8)}`, as: 'dim' }],
    ...(found.facts ? [[{ text: keptText(found.facts, now), as: 'dim' }] satisfies Line] : []),
    [],
    ...table(found, symbols, look.columns),
  ];
  for (const level of SEVERITIES) {
    const of = found.findings.filter((finding) => finding.severity === level);
    if (of.length === 0) continue;
    const ids = [...new Set(of.map((finding) => finding.guard))];
    lines.push(
      [],
      ...ids.flatMap((id) =>
        groupLines(
          of.filter((finding) => finding.guard === id),
          symbols,
        ),
      ),
    );
  }
  if (found.notShown !== undefined) {
    const others = `${count(found.notShown, 'finding')} of other nodes, which --limit leaves out`;
    lines.push([], [{ text: `not shown: ${others}`, as: 'dim' }]);
  }
  lines.push([], verdict(found));
  return style.text(lines, look.columns);
}

function table(found: Preflight, symbols: Symbols, columns: number): Line[] {
  const ids = [...new Set([...found.findings.map((one) => one.guard), ...found.guards.map((guard) => guard.id)])];
  const rows = ids.map((id) => {
    const of = found.findings.filter((finding) => finding.guard === id);
    const guard = found.guards.find((one) => one.id === id);
    const worst =
      SEVERITIES.find((level) => of.some((finding) => finding.severity === level)) ?? guard?.says ?? 'holds';
    return { id, worst, what: of.length > 0 ? places(of) : (guard?.title ?? '') };
  });
  const width = Math.max(...rows.map((row) => widthOf(row.id)));
  return ORDER.flatMap((state) =>
    rows
      .filter((row) => row.worst === state)
      .flatMap(({ id, what }): Line[] => {
        const { word, colour, symbol } = STATE[state];
        const [first = '', ...more] = wrap(what, Math.max(20, columns - width - 14));
        return [
          [
            { text: `${symbols[symbol]} ${pad(word, 8)}`, as: colour },
            ` ${pad(id, width)}  `,
            { text: first, as: 'dim' },
          ],
          ...more.map((line): Line => [' '.repeat(width + 13), { text: line, as: 'dim' }]),
        ];
      }),
  );
}

/** Findings of one guard: each remedy once, after all findings that share it, and the rule once at the end. */
function groupLines(findings: readonly Finding[], symbols: Symbols): Line[] {
  const remedies = [...new Set(findings.map((finding) => finding.remedy))];
  const sorted = remedies.flatMap((remedy) => findings.filter((finding) => finding.remedy === remedy));
  return sorted.flatMap((finding, index) => {
    const next = sorted[index + 1];
    const { remedy, ...rest } = finding;
    const lines = findingLines(remedy === next?.remedy ? { ...rest, remedy: '' } : finding, symbols);
    return next?.source === finding.source ? lines.slice(0, -1) : lines;
  });
}

function places(findings: readonly Finding[]): string {
  const nodes = [...new Set(findings.map((finding) => finding.node ?? 'the cluster'))];
  return listNames(nodes, 8);
}

function verdict(found: Preflight): Line {
  const of = (level: (typeof SEVERITIES)[number]) =>
    found.findings.filter((finding) => finding.severity === level).length;
  const [refused, warned, noted] = [of('refuse'), of('warn'), of('note')];
  const numbers = `${count(refused, 'refusal')}, ${count(warned, 'warning')}, ${count(noted, 'note')}`;
  return refused > 0
    ? [{ text: 'not ready: ', as: ['bold', 'red'] }, numbers]
    : [{ text: 'ready: ', as: ['bold', 'green'] }, numbers];
}
