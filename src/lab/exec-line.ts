import { quote, splitWords } from './shell/quote.ts';

/** What a command line of an SSH exec request comes to, wrappers taken off. */
export interface ExecPlan {
  readonly uid: number;
  /** Printed to stderr before anything is read: what `printf %s MARK >&2;` in front says. */
  readonly marks: string;
  readonly run:
    | { readonly kind: 'helper'; readonly programSize: number; readonly root: string }
    /** The script is what comes on stdin. */
    | { readonly kind: 'stdin' }
    | { readonly kind: 'script'; readonly script: string; readonly args: readonly string[] };
}

const sudoWithValue = new Set(['-u', '-p', '-g', '-C', '-h']);

/**
 * Takes `sudo` and `sh -c` off as far as they are literal, so that the script inside is the outermost one: its output
 * streams, and marks in front of it are printed at once.
 */
export function planExec(line: string, uid: number): ExecPlan {
  const words = splitWords(line);
  if (!words) return withMarks(line, uid);
  const [first, ...rest] = words;
  if (first === 'sudo') {
    const command = afterSudo(rest);
    if (!command || command.length === 0) return script(line, uid);
    return planWords(command, 0);
  }
  return planWords(words, uid, line);
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
      return { uid, marks: '', run: { kind: 'helper', programSize: Number(args[0]), root: args[1] ?? '' } };
    if (text === 'eval "$(cat)"') return { uid, marks: '', run: { kind: 'stdin' } };
    if (args.length === 0) return withMarks(text, uid);
    return { uid, marks: '', run: { kind: 'script', script: text, args } };
  }
  if (line !== undefined) return script(line, uid);
  return script(words.map(quote).join(' '), uid);
}

function withMarks(line: string, uid: number): ExecPlan {
  const [whole = '', mark = ''] = /^printf %s '?([A-Za-z0-9:._-]+)'? >&2;\s*/.exec(line) ?? [];
  if (!mark) return script(line, uid);
  const inner = planExec(line.slice(whole.length), uid);
  return { ...inner, marks: mark + inner.marks };
}

function script(text: string, uid: number): ExecPlan {
  return { uid, marks: '', run: { kind: 'script', script: text, args: [] } };
}

/** Whether a script may read its stdin: then it starts when all of it is there. */
export function readsStdin(script: string): boolean {
  return /\b(cat|dd|read|tee|sudo -S|sh -s|bash -s|base64|gpg|head|sha256sum|tar|install)\b/.test(script);
}
