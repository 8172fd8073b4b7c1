import type { ArgumentWords, CommandWords, OptionWords } from './words.ts';

/** A command line up to the cursor, as its command reads it. */
export interface Line {
  /** The innermost command that the line names. */
  readonly command: CommandWords;
  /** Its name with those above it: `lab fault`. */
  readonly path: string;
  /** The values of options that take one, by the option's first name. */
  readonly given: ReadonlyMap<string, readonly string[]>;
  /** Switches and options that are on the line already. */
  readonly used: ReadonlySet<OptionWords>;
  readonly positionals: readonly string[];
  /** What the word at the cursor is. */
  readonly at: Place;
}

export type Place =
  /** The word, or its part after `--option=`, is the value of an option. */
  | { readonly kind: 'value'; readonly option: OptionWords; readonly word: string; readonly before: string }
  | { readonly kind: 'option'; readonly word: string }
  | { readonly kind: 'command'; readonly word: string }
  | { readonly kind: 'argument'; readonly argument: ArgumentWords; readonly word: string }
  | { readonly kind: 'nothing' };

/** Reads the words behind the program's name; the last one is the one at the cursor, empty where none was begun. */
export function readLine(root: CommandWords, words: readonly string[]): Line {
  let command = root;
  const path: string[] = [];
  const given = new Map<string, string[]>();
  const used = new Set<OptionWords>();
  const positionals: string[] = [];
  let pending: OptionWords | undefined;
  let onlyArguments = false;
  for (const word of words.slice(0, -1)) {
    if (pending) {
      add(given, pending, word);
      pending = undefined;
    } else if (!onlyArguments && word === '--') onlyArguments = true;
    else if (!onlyArguments && word.startsWith('-') && word !== '-') {
      const { name, value } = splitOption(word);
      const option = optionOf(command, name);
      if (option) used.add(option);
      if (option?.value === undefined) continue;
      if (value !== undefined) add(given, option, value);
      else if (option.optional !== true) pending = option;
    } else {
      const inner = positionals.length === 0 ? command.commands.find(({ name }) => name === word) : undefined;
      if (inner) {
        command = inner;
        path.push(word);
      } else positionals.push(word);
    }
  }
  const at = placeOf(words.at(-1) ?? '', command, positionals.length, onlyArguments, pending);
  return { command, path: path.join(' '), given, used, positionals, at };
}

function placeOf(
  word: string,
  command: CommandWords,
  argumentsBefore: number,
  onlyArguments: boolean,
  pending: OptionWords | undefined,
): Place {
  if (pending) return { kind: 'value', option: pending, word, before: '' };
  if (!onlyArguments && word.startsWith('-')) {
    const { name, value } = splitOption(word);
    if (value === undefined) return { kind: 'option', word };
    const option = optionOf(command, name);
    if (option?.value === undefined) return { kind: 'nothing' };
    return { kind: 'value', option, word: value, before: `${name}=` };
  }
  if (command.commands.length > 0) return argumentsBefore === 0 ? { kind: 'command', word } : { kind: 'nothing' };
  const last = command.arguments.at(-1);
  const argument = command.arguments[argumentsBefore] ?? (last?.variadic === true ? last : undefined);
  return argument ? { kind: 'argument', argument, word } : { kind: 'nothing' };
}

/** `--set=version=1.32.9` has the value `version=1.32.9`. */
function splitOption(word: string): { readonly name: string; readonly value?: string } {
  const at = word.startsWith('--') ? word.indexOf('=') : -1;
  return at === -1 ? { name: word } : { name: word.slice(0, at), value: word.slice(at + 1) };
}

function optionOf(command: CommandWords, name: string): OptionWords | undefined {
  return command.options.find(({ names }) => names.includes(name));
}

function add(given: Map<string, string[]>, { names }: OptionWords, value: string): void {
  const [name = ''] = names;
  given.set(name, [...(given.get(name) ?? []), value]);
}
