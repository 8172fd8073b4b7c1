import { stripVTControlCharacters } from 'node:util';
import type { NewEvent } from '../event.ts';
import { Failure } from '../failure.ts';
import { createRenderer } from '../render/create-renderer.ts';
import type { Renderer } from '../render/renderer.ts';
import { isUnicode, type Look } from '../render/style.ts';
import type { CommonOptions } from './options.ts';

/** What a command shows things on: one renderer, with the time put on every event. */
export interface Console {
  readonly output: 'pretty' | 'plain' | 'json';
  readonly look: Look & { readonly columns: number; readonly verbose: boolean };
  readonly emit: (event: NewEvent) => void;
  /** Prints data on stdout, past the renderer. */
  readonly print: (text: string) => void;
  renderer: Renderer;
}

/** `progress`: where progress goes; a command that prints data keeps stdout for it. */
function createConsole(options: CommonOptions, progress: 'stdout' | 'stderr'): Console {
  const output = options.output ?? (process.stdout.isTTY && progress === 'stdout' ? 'pretty' : 'plain');
  const stream = progress === 'stdout' ? process.stdout : process.stderr;
  const color = options.color && process.env.NO_COLOR === undefined && stream.isTTY && output !== 'json';
  const verbose = options.verbose ?? false;
  const renderer = createRenderer({
    output,
    stdout: process.stdout,
    stderr: process.stderr,
    progress,
    color,
    verbose,
    now: Date.now,
  });
  return {
    output,
    look: {
      color: options.color && process.env.NO_COLOR === undefined && process.stdout.isTTY,
      unicode: isUnicode(process.env),
      columns: process.stdout.isTTY ? process.stdout.columns : 100,
      verbose,
    },
    emit: (event) => {
      renderer.render({ at: new Date().toISOString(), ...event });
    },
    print: (text) => {
      process.stdout.write(process.stdout.isTTY ? text : stripVTControlCharacters(text));
    },
    renderer,
  };
}

/** Runs a command with a console that is closed whatever happens; a failure is told on it: what happened, the evidence, what to do next. */
export async function withConsole(
  options: CommonOptions,
  progress: 'stdout' | 'stderr',
  work: (console: Console) => Promise<number>,
): Promise<number> {
  const console = createConsole(options, progress);
  try {
    return await work(console);
  } catch (error) {
    if (error instanceof Failure) {
      console.emit({ type: 'message', level: 'error', text: error.message, detail: [...error.detail] });
    }
    throw error;
  } finally {
    await console.renderer.close();
  }
}
