import { quote, splitWords } from './shell/quote.ts';

/** What a command line of an SSH exec request comes to, wrappers taken off. */
export interface ExecPlan {
  readonly uid: number;
  /** Printed before anything is read: what `printf %s MARK;` and `printf %s MARK >&2;` in front say. */
  readonly marks: { readonly stdout: string; readonly stderr: string };
  readonly run:
    | { readonly kind: 'helper'; readonly programSize: number; readonly root: string }
    /** The script is what comes on stdin; `end` is printed behind what it prints, with its exit status. */
    | { readonly kind: 'stdin'; readonly end: string }
    | { readonly kind: 'script'; readonly script: string; readonly args: readonly string[] };
}

const sudoWithValue = new Set(['-u', '-p', '-g', '-C', '-h']);

/**
 * Takes `sudo` and `sh -c` off as far as they are literal, so that the script inside is the outermost one: its output
 * streams, and marks in front of it are printed at once.
 */
export function planExec(whole: string, uid: number): ExecPlan {
  const line = whole.replace(/^exec /, '');
  const words = splitWords(line);
  if (!words) return withMarks(line, uid);
  if (words[3] === 'runbook-become' && words.length === 5) return planBecome(words[2] ?? '', words[4] ?? '', uid, line);
  const [first, ...rest] = words;
  if (first === 'sudo') {
    const command = afterSudo(rest);
    if (!command || command.length === 0) return script(line, uid);
    return planWords(command, 0);
  }
  return planWords(words, uid, line);
}

/** `sh -c 'printf %s MARK >&2; exec sudo ... -- sh -c "$1"' runbook-become COMMAND`. */
function planBecome(text: string, command: string, uid: number, line: string): ExecPlan {
  const [, mark = '', options] = /^printf %s (\S+) >&2; exec sudo (.*)-- sh -c "\$1"$/.exec(text) ?? [];
  const words = splitWords(options ?? '');
  if (options === undefined || !words || !afterSudo([...words, '--'])) return script(line, uid);
  const inner = planExec(command, 0);
  return { ...inner, marks: { ...inner.marks, stderr: mark + inner.marks.stderr } };
}

/** @returns undefined where sudo is asked for something that only the simulated sudo can do */
function afterSudo(words: readonly string[]): readonly string[] | undefined {
  let i = 0;
  for (; i < words.length; i += 1) {
    const word = words[i] ?? '';
    if (word === '--') return words.slice(i + 1);
    if (word === '-u' && words[i + 1] !== 'root') return undefined;
    if (sudoWithValue.has(word)) i += 1;
    else if (!word.startsWith('-')) return words.slice(i);
  }
  return [];
}

function planWords(words: readonly string[], uid: number, line?: string): ExecPlan {
  const [shell, option, text = '', name, ...args] = words;
  if (shell === 'sh' && option === '-c') {
    if (name === 'runbook-helper' && /^\d+$/.test(args[0] ?? ''))
      return { uid, marks: NO_MARKS, run: { kind: 'helper', programSize: Number(args[0]), root: args[1] ?? '' } };
    if (name === 'runbook-probe') return { uid, marks: NO_MARKS, run: { kind: 'stdin', end: args[0] ?? '' } };
    if (args.length === 0) return withMarks(text, uid);
    return { uid, marks: NO_MARKS, run: { kind: 'script', script: text, args } };
  }
  if (line !== undefined) return script(line, uid);
  return script(words.map(quote).join(' '), uid);
}

const NO_MARKS = { stdout: '', stderr: '' };

function withMarks(line: string, uid: number): ExecPlan {
  const [whole = '', mark = '', redirected] = /^printf %s '?([A-Za-z0-9:._-]+)'?( >&2)?;\s*/.exec(line) ?? [];
  if (!mark) return script(line, uid);
  const inner = planExec(line.slice(whole.length), uid);
  const { stdout, stderr } = inner.marks;
  return { ...inner, marks: redirected ? { stdout, stderr: mark + stderr } : { stdout: mark + stdout, stderr } };
}

function script(text: string, uid: number): ExecPlan {
  return { uid, marks: NO_MARKS, run: { kind: 'script', script: text, args: [] } };
}

/** Whether a script may read its stdin: then it starts when all of it is there. */
export function readsStdin(script: string): boolean {
  return /\b(cat|dd|read|tee|sudo -S|sh -s|bash -s|base64|gpg|head|sha256sum|tar|install)\b/.test(script);
}
