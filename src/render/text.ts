const LINE_BREAKS = /[\n\v\f\u0085\u2028\u2029]+/g;
/** ECMA-48: control sequences, control strings with their terminator, other escapes. */
const ESCAPES =
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b[ -/]*[0-~]/g;
/** C0, DEL, C1, and the characters that reorder text: on a screen they move the cursor or hide text. */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;
/** Printable ASCII, in which there is nothing to remove: nearly all that is shown. */
const PLAIN = /^[\u0020-\u007e]*$/;

/**
 * One line that is safe on a terminal: escape sequences and control characters are gone, of `a\rb` only `b` is left.
 */
export function sanitize(text: string): string {
  if (PLAIN.test(text)) return text;
  const bare = text.replaceAll(ESCAPES, '');
  return lastOverwrite(bare).replaceAll('\t', '    ').replaceAll(LINE_BREAKS, ' ').replaceAll(UNSAFE, '');
}

/** Like {@link sanitize}, but nothing disappears: for commands, where what is shown must be what runs. */
export function escapeControls(text: string): string {
  return text
    .replaceAll('\t', '    ')
    .replaceAll(UNSAFE, escapeCharacter)
    .replaceAll(/[\u2028\u2029]/g, escapeCharacter);
}

function escapeCharacter(character: string): string {
  return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
}

function lastOverwrite(text: string): string {
  if (!text.includes('\r')) return text;
  return text.split('\r').findLast((part) => part !== '') ?? '';
}

/** The lines of a chunk of output; a newline at its end adds no empty line. */
export function splitLines(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** A step's id, and the part of its title that the id lacks: `1.2-install-packages kubeadm`. */
export function stepName({ step, title }: { readonly step: string; readonly title: string }): string {
  const slug = step.slice(step.indexOf('-') + 1);
  if (title.startsWith(slug)) return `${step}${title.slice(slug.length)}`;
  const words = title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return words.replaceAll(/^-+|-+$/g, '') === slug ? step : `${step} ${title}`;
}

/** `0.4s`, `12s`, `3m05s`, `1h02m` from milliseconds. */
export function duration(milliseconds: number): string {
  if (milliseconds < 9_950) return `${(Math.max(0, milliseconds) / 1000).toFixed(1)}s`;
  return elapsed(milliseconds);
}

/** Like {@link duration}, in whole seconds: for what ticks. */
export function elapsed(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${two(seconds % 60)}s`;
  return `${Math.floor(minutes / 60)}h${two(minutes % 60)}m`;
}

/** `HH:MM:SS` in the local time zone; anything but a time is returned unchanged. */
export function clock(at: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return at;
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** `YYYY-MM-DD HH:MM:SS` in the local time zone. */
export function dateAndClock(at: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return at;
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock(at)}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

/** `a, b, c` or, of more than `most`, `a, b, c and 9 more`. */
export function listNames(names: readonly string[], most: number): string {
  if (names.length <= most + 1) return names.join(', ');
  return `${names.slice(0, most).join(', ')} and ${names.length - most} more`;
}
