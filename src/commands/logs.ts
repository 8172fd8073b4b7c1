import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { Failure } from '../failure.ts';
import { RunStore, type RunSummary } from '../journal/store.ts';
import { LOCAL } from '../plan/hosts.ts';
import { stepKey } from '../plan/key.ts';
import { cleaned } from '../render/clean.ts';
import type { LogLine } from '../render/log-line.ts';
import { isReaderGone } from '../render/renderer.ts';
import { type Console, withConsole } from '../run/console.ts';
import { hasEnded, type KeptOutput, listOutput, readLines, readOutput } from '../run/kept-output.ts';
import { knownCauses } from '../run/known-causes.ts';
import { type CommonOptions, outputOptions, type Run, stateDir } from '../run/options.ts';

interface Options extends CommonOptions {
  readonly follow?: boolean;
  readonly raw?: boolean;
}

export function define(command: Command, runCommand: Run): void {
  outputOptions(
    command
      .argument('[run-id]', 'else the latest run')
      .argument('[node]')
      .argument('[step]', 'a step id (`runbook status -v` shows them), or the beginning of one'),
  )
    .option('-f, --follow', 'continue while the step runs')
    .option('--raw', 'every byte as it came, also on a terminal (escape sequences can do anything to it)')
    .action((run: string | undefined, node: string | undefined, step: string | undefined, options: Options) =>
      runCommand(() => logs([run, node, step], options)),
    );
}

type Words = readonly [run: string | undefined, node: string | undefined, step: string | undefined];

function logs(words: Words, options: Options): Promise<number> {
  return withConsole(options, 'stderr', async (console) => {
    const store = new RunStore(stateDir(options));
    const { run, node, step } = await wanted(store, words);
    const { id } = run.folder;
    const files = await listOutput(run, node, step);
    if (files.length === 0) {
      const what = [node, step].filter((word) => word !== undefined).join(' ');
      throw new Failure('usage', `run ${id} has kept no output${what === '' ? '' : ` of ${what}`}`, [
        'The nodes and step ids: `runbook status -v`.',
      ]);
    }
    const last = files.at(-1);
    const isOver = options.follow === true && last ? () => hasEnded(store, id, last) : undefined;
    if (options.output === 'json') {
      await print(jsonLines(id, files, isOver));
      return 0;
    }
    const output = readOutput(files, isOver);
    await print(process.stdout.isTTY && options.raw !== true ? cleaned(output) : output);
    if (last && files.every((file) => isSameStep(file, last))) await nameKnown(console, await store.read(id), last);
    return 0;
  });
}

function isSameStep(a: KeptOutput, b: KeptOutput): boolean {
  return a.node === b.node && a.step === b.step;
}

/** On stderr: stdout is for what the step printed. */
async function nameKnown(console: Console, run: RunSummary, { node, step }: KeptOutput): Promise<void> {
  for (const { id, meaning, remedy } of (await knownCauses(run)).get(stepKey(node, step)) ?? [])
    console.info(`known: ${id}: ${meaning}`, [`do: ${remedy}`, `runbook explain ${id}`]);
}

async function* jsonLines(
  run: string,
  files: readonly KeptOutput[],
  isOver: (() => Promise<boolean>) | undefined,
): AsyncGenerator<string> {
  for (const file of files) {
    const { node, step, attempt } = file;
    for await (const text of readLines(file, file === files.at(-1) ? isOver : undefined)) {
      const line: LogLine = { run, node, step, attempt, text };
      yield `${JSON.stringify(line)}\n`;
    }
  }
}

/** The named run; without one the latest, and then the first word may be a node of it. */
async function wanted(store: RunStore, [first, second, third]: Words) {
  const ids = await store.ids();
  const [latest] = ids;
  if (first !== undefined && (latest === undefined || ids.includes(first)))
    return { run: await store.read(first), node: second, step: third };
  if (latest === undefined) throw new Failure('usage', `no runs are known in ${store.root}`);
  const run = await store.read(latest);
  if (first === undefined) return { run, node: undefined, step: undefined };
  if (first === LOCAL || run.plan.nodes.some(({ name }) => name === first)) return { run, node: first, step: second };
  return { run: await store.read(first), node: second, step: third };
}

/** Ends, also while it follows, when nothing can be written any more: main.ts reports that where it is a failure. */
async function print(output: AsyncIterable<Buffer | string>): Promise<void> {
  try {
    await pipeline(output, process.stdout, { end: false });
  } catch (error) {
    const ofWriting = error instanceof Error && 'syscall' in error && error.syscall === 'write';
    if (!ofWriting && !isReaderGone(error)) throw error;
  }
}
