import { quote } from '../../transport/quote.ts';

/** One part of a framed script. */
export interface FramePart {
  readonly id: string;
  readonly script: string;
  readonly filter?: string;
}

export interface Framed {
  readonly id: string;
  /** Exit status; undefined: the end of its output never came. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

const HEAD = [
  'LC_ALL=C; export LC_ALL',
  'PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH',
];

/**
 * One script that runs several, each in its own shell, its output between lines with an unguessable marker.
 * The newline before each marker is the frame's own, so that output without a last newline does not swallow it.
 * Where there is a `gate`, nothing else runs unless it exits 0.
 */
export function frameScript(marker: string, parts: readonly FramePart[], gate?: string): string {
  const blocks = parts.map(({ id, script, filter }) =>
    [
      `printf '\\n%s begin %s\\n' ${marker} ${id}`,
      `printf '\\n%s begin %s\\n' ${marker} ${id} >&2`,
      '{',
      '(',
      script,
      ') </dev/null',
      `printf '\\n%s end %s %s\\n' ${marker} ${id} "$?"`,
      filter === undefined ? '}' : `} | ${filter}`,
    ].join('\n'),
  );
  return [...HEAD, ...(gate === undefined ? [] : [`( ${gate} ) </dev/null >/dev/null || exit`]), ...blocks, ''].join(
    '\n',
  );
}

/** A part by itself, as it runs in a {@link frameScript}. Its filter takes away nothing but blanks: it is left out. */
export function aloneScript({ script }: FramePart): string {
  return [...HEAD, '(', script, ') </dev/null', ''].join('\n');
}

/** Takes the output of a {@link frameScript} apart. */
export function unframe(marker: string, ids: readonly string[], stdout: string, stderr: string): Framed[] {
  return ids.map((id) => {
    const start = after(stdout, `\n${marker} begin ${id}\n`);
    const own = start === undefined ? undefined : stdout.slice(start);
    // Empty output puts the two markers' newlines next to each other, so the end marker may follow at once.
    const mark = `\n${marker} end ${id} `;
    const end = own?.indexOf(mark) ?? -1;
    const code = end === -1 ? Number.NaN : Number(own?.slice(end + mark.length).match(/^(\d{1,3})\n/)?.[1]);
    return {
      id,
      code: Number.isNaN(code) ? undefined : code,
      stdout: own === undefined ? '' : own.slice(0, end === -1 ? undefined : end),
      stderr: errorsOf(marker, id, stderr),
    };
  });
}

function errorsOf(marker: string, id: string, stderr: string): string {
  const start = after(stderr, `\n${marker} begin ${id}\n`);
  if (start === undefined) return stderr;
  const end = stderr.indexOf(`\n${marker} begin `, start - 1);
  return stderr.slice(start, end === -1 ? undefined : end);
}

function after(text: string, mark: string): number | undefined {
  const at = text.indexOf(mark);
  return at === -1 ? undefined : at + mark.length;
}

/** {@link quote} for a path, in which a leading `~/` is the home of the one who runs it. */
export function pathWord(path: string): string {
  return path.startsWith('~/') ? `"$HOME"/${quote(path.slice(2))}` : quote(path);
}
