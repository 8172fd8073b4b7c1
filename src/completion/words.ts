import type { Argument, Command, Option } from 'commander';

/** What a command can be followed by, as plain data: dist/words.json holds it, made by the build. */
export interface CommandWords {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionWords[];
  readonly arguments: readonly ArgumentWords[];
  readonly commands: readonly CommandWords[];
}

export interface OptionWords {
  /** `--inventory`, and `-i` where it has a short form. */
  readonly names: readonly string[];
  readonly description: string;
  /** The word in `<...>` or `[...]`; undefined for a switch. */
  readonly value?: string;
  /** `[...]`: the value may be left out. */
  readonly optional?: true;
  readonly choices?: readonly string[];
}

export interface ArgumentWords {
  readonly name: string;
  readonly variadic?: true;
  readonly choices?: readonly string[];
}

/** Everything that is known without looking at a file. */
export interface KnownWords {
  readonly root: CommandWords;
  /** The ids of guards, with what they hold. */
  readonly guards: readonly (readonly [id: string, title: string])[];
  /** What `explain` knows. */
  readonly codes: readonly (readonly [code: string, title: string])[];
}

/** The words of a command whose options are all defined. */
export function wordsOf(command: Command): CommandWords {
  const options = command.options.filter((option) => !option.hidden).map(optionWords);
  return {
    name: command.name(),
    description: command.description(),
    options: [...options, { names: ['--help', '-h'], description: 'show what the command takes' }],
    arguments: command.registeredArguments.map(argumentWords),
    commands: command.commands.map(wordsOf),
  };
}

function optionWords({ long, short, flags, description, optional, argChoices }: Option): OptionWords {
  const value = /[<[](.+?)(?:\.\.\.)?[>\]]/.exec(flags)?.[1];
  return {
    names: [long, short].filter((name) => typeof name === 'string'),
    description,
    ...(value !== undefined && { value }),
    ...(optional && { optional: true as const }),
    ...(argChoices && { choices: argChoices }),
  };
}

function argumentWords(argument: Argument): ArgumentWords {
  return {
    name: argument.name(),
    ...(argument.variadic && { variadic: true as const }),
    ...(argument.argChoices && { choices: argument.argChoices }),
  };
}
