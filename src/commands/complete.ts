import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { bashReply, splitBashLine } from '../completion/bash.ts';
import { complete } from '../completion/complete.ts';
import { fishReply, zshReply } from '../completion/replies.ts';
import type { KnownWords } from '../completion/words.ts';
import type { Run } from '../run/options.ts';

/**
 * What the scripts of `runbook completion` ask: `__complete bash LINE WORDBREAKS`, `__complete zsh|fish -- WORDS...`.
 * It must answer within a key press, so that it imports neither commands nor schemas, and it never reports a problem:
 * no one who types wants to read one.
 * @param walk reads the words from all commands, where the build has not written them
 */
export function define(command: Command, run: Run, walk: () => Promise<KnownWords>): void {
  command
    .argument('[words...]')
    .helpOption(false)
    .allowUnknownOption()
    .action((words: readonly string[]) => run(() => answer(words, walk)));
}

async function answer([shell, ...words]: readonly string[], walk: () => Promise<KnownWords>): Promise<number> {
  try {
    const known = built() ?? (await walk());
    process.stdout.write((await linesFor(known, shell, words)).map((line) => `${line}\n`).join(''));
  } catch (error) {
    if (process.env['RUNBOOK_COMPLETION_DEBUG'] !== undefined) throw error;
  }
  return 0;
}

async function linesFor(known: KnownWords, shell: string | undefined, words: readonly string[]): Promise<string[]> {
  if (shell === 'bash') {
    const [text = '', breaks = ''] = words;
    const line = splitBashLine(text, breaks);
    return bashReply(await complete(known, line.words.slice(1)), line);
  }
  if (shell === 'zsh') return zshReply(await complete(known, words));
  // Fish gives the word at the cursor as it is written; its quotes are those of bash.
  const word = splitBashLine(words.at(-1) ?? '', '').words.at(-1) ?? '';
  return fishReply(await complete(known, [...words.slice(0, -1), word]));
}

function built(): KnownWords | undefined {
  try {
    // Written by the build from the commands themselves.
    const known: KnownWords = JSON.parse(readFileSync(new URL('words.json', import.meta.url), 'utf8'));
    return known;
  } catch {
    return undefined;
  }
}
