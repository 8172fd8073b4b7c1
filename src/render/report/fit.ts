import { gzipSync } from 'node:zlib';
import type { RunReport } from '../report-data.ts';

/** Characters that are left of the outputs where all of them are too many, one limit after the other. */
const LIMITS = [40_000, 10_000, 3000, 1000, 300, 100, 0];

/**
 * The report as data of a page: JSON, gzip, base64. Where that is too long, its longest outputs are cut in the middle,
 * last those of what failed.
 * @param most characters that it may have
 */
export function packed(report: RunReport, most: number): string {
  const whole = pack(report);
  if (whole.length <= most) return whole;
  const kinds = kindsOf(report);
  let last = whole;
  for (const limit of LIMITS) {
    const texts = report.texts.map((text, index) => shortened(text, limitOf(kinds.get(index), limit)));
    last = pack({ ...report, texts });
    if (last.length <= most) break;
  }
  return last;
}

function pack(report: RunReport): string {
  return gzipSync(JSON.stringify(report)).toString('base64');
}

type Kind = 'output' | 'failed' | 'command';

function limitOf(kind: Kind | undefined, limit: number): number {
  if (kind === 'output') return limit;
  return kind === 'failed' ? Math.max(limit, 10_000) : 10_000;
}

function kindsOf({ steps }: RunReport): ReadonlyMap<number, Kind> {
  const kinds = new Map<number, Kind>();
  for (const { spans, commands } of steps) {
    for (const { outcome, attempts } of spans)
      for (const { output } of attempts)
        if (output !== undefined && kinds.get(output) !== 'failed')
          kinds.set(output, outcome === 'changed' ? 'output' : 'failed');
    for (const command of commands) kinds.set(command, 'command');
  }
  return kinds;
}

/** Its beginning and its end, by whole lines where there are any. */
function shortened(text: string, most: number): string {
  if (text.length <= most + 80) return text;
  const half = Math.floor(most / 2);
  const head = text.slice(0, text.lastIndexOf('\n', half) + 1 || half);
  const from = text.length - half;
  const line = text.indexOf('\n', from);
  const tail = text.slice(line === -1 ? from : line + 1);
  const cut = text.length - head.length - tail.length;
  return `${head}${head.endsWith('\n') || head === '' ? '' : '\n'}[${cut} characters are left out of this page; \`runbook logs\` has them]\n${tail}`;
}
