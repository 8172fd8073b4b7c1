import { stripVTControlCharacters } from 'node:util';
import type { NewEvent } from '../event.ts';
import { asFailure, isOfThisMachine } from '../engine/trouble.ts';
import { markShown } from '../failure.ts';
import { redactData, redactText } from '../redact.ts';
import { createRenderer } from '../render/create-renderer.ts';
import type { Renderer } from '../render/renderer.ts';
import { sizeOf } from '../render/screen.ts';
import { isUnicode, type Look } from '../render/style.ts';
import { type CommonOptions, stateDir } from './options.ts';
import { RunWatch } from './watch.ts';

/** What a command shows things on: one renderer, which gets every event with its time. */
export interface Console {
  readonly output: 'pretty' | 'plain' | 'json';
  readonly look: Look & { readonly columns: number; readonly verbose: boolean };
  readonly emit: (event: NewEvent) => void;
  readonly info: Say;
  readonly warn: Say;
  /** Prints past the renderer: data on stdout, unless it is a problem. */
  readonly print: (text: string, stream?: NodeJS.WriteStream) => void;
  renderer: Renderer;
  /** What else gets every event, and the records of the run. */
  readonly watch: RunWatch;
}

/** Keys of events whose values are words of this program or names of documents; a secret may happen to be like one. */
const NAMES: ReadonlySet<string> = new Set(
  'type level severity outcome stream guard code run runbook cluster digest step node nodes file log'.split(' '),
);

export type Say = (text: string, detail?: readonly string[]) => void;

/** `progress`: where progress goes; stdout is for data where a command prints any. */
async function createConsole(options: CommonOptions, progress: 'stdout' | 'stderr'): Promise<Console> {
  // Such a terminal can neither move its cursor nor colour anything.
  const isDumb = process.env.TERM === 'dumb';
  const isScreen = process.stdout.isTTY && progress === 'stdout' && !isDumb;
  const wanted = options.output ?? (isScreen ? 'pretty' : 'plain');
  const output = wanted === 'pretty' && isDumb ? 'plain' : wanted;
  const stream = progress === 'stdout' ? process.stdout : process.stderr;
  const hasColor = options.color && process.env.NO_COLOR === undefined && !isDumb;
  const color = hasColor && stream.isTTY && output !== 'json';
  const verbose = options.verbose ?? false;
  const renderer = await createRenderer({
    output,
    stdout: process.stdout,
    stderr: process.stderr,
    progress,
    color,
    verbose,
    now: Date.now,
  });
  const emit = (event: NewEvent): void => {
    const shown = { at: new Date().toISOString(), ...redactData(event, (key) => NAMES.has(key)) };
    renderer.render(shown);
    watch.event(shown);
  };
  const warn: Say = (text, detail = []) => {
    emit({ type: 'message', level: 'warning', text, detail: [...detail] });
  };
  const watch = new RunWatch(warn);
  return {
    output,
    look: {
      color: hasColor && process.stdout.isTTY,
      unicode: isUnicode(process.env),
      columns: process.stdout.isTTY ? sizeOf(process.stdout).columns : 100,
      ...(process.stdout.isTTY && { terminal: sizeOf(process.stdout).columns }),
      verbose,
    },
    emit,
    info: (text, detail = []) => {
      emit({ type: 'message', level: 'info', text, detail: [...detail] });
    },
    warn,
    print: (text, on = process.stdout) => {
      const shown = redactText(text);
      on.write(on.isTTY ? shown : stripVTControlCharacters(shown));
    },
    renderer,
    watch,
  };
}

type Close = () => Promise<unknown>;

/** Closes something after the command. */
export type AtEnd = (close: Close) => void;

/**
 * Runs a command. What it gives to `atEnd` is closed here, the last first, before a failure is shown.
 */
export async function withConsole(
  options: CommonOptions,
  progress: 'stdout' | 'stderr',
  work: (console: Console, atEnd: AtEnd) => Promise<number>,
): Promise<number> {
  const console = await createConsole(options, progress);
  const opened: Close[] = [];
  try {
    try {
      return await work(console, (close) => opened.push(close));
    } finally {
      await closeAll(opened);
    }
  } catch (error) {
    const failure = asFailure(error);
    if (!failure) throw error;
    const place = isOfThisMachine(failure) ? [`The state folder is ${stateDir(options)}.`] : [];
    console.emit({ type: 'message', level: 'error', text: failure.message, detail: [...failure.detail, ...place] });
    markShown(failure);
    throw failure;
  } finally {
    await console.renderer.close();
  }
}

async function closeAll(opened: Close[]): Promise<void> {
  const last = opened.pop();
  if (!last) return;
  try {
    await last();
  } finally {
    await closeAll(opened);
  }
}
