import { roughly } from '../duration.ts';

const DAY = 86_400_000;

/** Of a plan or a preflight that contacted no one: `facts of 2026-11-30T11:00:00Z, read about 3 h ago, from FILE`. */
export function keptText(kept: { readonly file: string; readonly readAt: string }, now: number): string {
  const at = Date.parse(kept.readAt);
  return `facts of ${new Date(at).toISOString().replace(/\.\d+Z$/, 'Z')}, read ${ago(now - at)}, from ${kept.file}`;
}

function ago(milliseconds: number): string {
  // Clocks of two machines.
  if (milliseconds < 0) return 'later than this machine has it';
  if (milliseconds < 2 * DAY) return `${roughly(milliseconds)} ago`;
  return `${Math.floor(milliseconds / DAY)} days ago`;
}
