import { askChecks, isAskable, runRequirements, withEnv } from '../engine/check.ts';
import type { Facts } from '../facts/facts.ts';
import type { Finding } from '../guards/guard.ts';
import type { DraftedStep, PlannedStep } from '../plan/bind.ts';
import { placeName } from '../render/place.ts';
import { count, escapeControls, listNames, splitLines } from '../render/text.ts';
import type { Connection } from './connect.ts';
import type { Console } from './console.ts';

/** Commands that are shown without -v. */
const SHOWN = 20;

interface OwnCommand {
  readonly word: 'check' | 'require';
  readonly where: string;
  readonly script: string;
}

/** What a runbook's own commands answer to planning. */
export interface OwnAnswers {
  readonly checks: (steps: readonly DraftedStep[]) => Promise<Facts['checks']>;
  readonly requirements: (steps: readonly PlannedStep[]) => Promise<ReadonlyMap<string, string>>;
  /** By step key, why its check could not be asked. */
  readonly unasked: ReadonlyMap<string, string>;
  /** What of them was not asked. */
  readonly findings: readonly Finding[];
}

/**
 * The commands of a runbook that planning runs: the `check:` of steps, and what `require` asks. Each is shown before it
 * runs, on the operator's machine or a node, and asked once, also where a command plans again. With `--no-checks` they
 * are shown and not run.
 */
export class OwnCommands implements OwnAnswers {
  readonly #console: Console;
  readonly #connection: Connection;
  readonly #isRun: boolean;
  readonly #known = new Set<string>();
  /** By step key. */
  readonly #passed = new Map<string, boolean | undefined>();
  /** By step key, why its check could not be asked. */
  readonly unasked = new Map<string, string>();
  readonly #findings: Finding[] = [];
  /** By step key: what those printed that do not hold; `undefined`: it holds. */
  readonly #unmet = new Map<string, string | undefined>();

  constructor(console: Console, connection: Connection, isRun = true) {
    this.#console = console;
    this.#connection = connection;
    this.#isRun = isRun;
  }

  readonly checks = async (steps: readonly DraftedStep[]): Promise<Facts['checks']> => {
    const checked = steps.filter(isAskable);
    this.#show(checked.map((step) => commandOf('check', step, step.check)));
    if (!this.#isRun || checked.length === 0) return undefined;
    const fresh = checked.filter(({ key }) => !this.#passed.has(key));
    const { passed, unasked } = await askChecks(this.#connection, fresh);
    for (const { key } of fresh) this.#passed.set(key, passed[key]);
    for (const [key, why] of unasked) this.unasked.set(key, why);
    for (const step of fresh) this.#findings.push(...unaskedFinding(step, unasked.get(step.key)));
    const known = checked.map(({ key }) => [key, this.#passed.get(key)] as const);
    return Object.fromEntries(known.flatMap(([key, answer]) => (answer === undefined ? [] : [[key, answer]])));
  };

  readonly requirements = async (steps: readonly PlannedStep[]): Promise<ReadonlyMap<string, string>> => {
    this.#show(steps.map((step) => commandOf('require', step, step.script)));
    if (!this.#isRun) return new Map();
    const fresh = steps.filter(({ key }) => !this.#unmet.has(key));
    const answers = await runRequirements(this.#connection, fresh);
    for (const { key } of fresh) this.#unmet.set(key, answers.get(key));
    return new Map(
      steps.flatMap(({ key }) => {
        const answer = this.#unmet.get(key);
        return answer === undefined ? [] : [[key, answer] as const];
      }),
    );
  };

  /** That they were not run, where they were not, and those that could not be asked. */
  get findings(): readonly Finding[] {
    if (this.#isRun || this.#known.size === 0) return this.#findings;
    return [notRun];
  }

  #show(commands: readonly OwnCommand[]): void {
    const places = new Map<string, { readonly command: OwnCommand; readonly where: Set<string> }>();
    for (const command of commands) {
      const { word, where, script } = command;
      const key = JSON.stringify([word, where, script]);
      if (this.#known.has(key)) continue;
      this.#known.add(key);
      const same = JSON.stringify([word, script]);
      const group = places.get(same) ?? { command, where: new Set() };
      places.set(same, group);
      group.where.add(where);
    }
    if (places.size === 0) return;
    const groups = [...places.values()];
    const shown = this.#console.look.verbose ? groups : groups.slice(0, SHOWN);
    const hidden = groups.length - shown.length;
    this.#console.info(
      this.#isRun
        ? 'planning runs these commands of the runbook (`runbook plan --no-checks` runs none):'
        : 'commands of the runbook that are not run, with --no-checks:',
      [
        ...shown.flatMap(({ command, where }) => lines(command, [...where])),
        ...(hidden > 0 ? [`... and ${count(hidden, 'command')} more (-v shows them)`] : []),
      ],
    );
  }
}

/** Of --no-checks. */
export const notRun: Finding = {
  guard: 'checks',
  severity: 'note',
  summary:
    'commands of the runbook were not run: steps with a check count as to be done, and what it requires was not asked',
  remedy: 'Once you trust the runbook, leave out --no-checks. `apply` runs them.',
  source: 'with --no-checks, looking runs no command of a runbook',
};

/** A check that did not run, where there is a reason why. */
export function unaskedFinding(step: DraftedStep, why: string | undefined): Finding[] {
  if (why === undefined) return [];
  const end =
    step.effect === 'repeatable'
      ? 'so the step runs'
      : '`apply` does not start the step unless it can be asked by then';
  return [
    {
      guard: 'checks',
      severity: 'warn',
      node: step.node.name,
      summary: `the check of ${step.id} could not be asked: ${why}`,
      remedy: `It answers neither yes nor no; ${end}. Install what it needs, or write the check so that it exits with 1 without it.`,
      source: 'a check that did not run does not say that a step is to be done',
    },
  ];
}

function commandOf(word: OwnCommand['word'], step: DraftedStep, script = ':'): OwnCommand {
  return { word, where: placeName(step.place) ?? step.node.name, script: withEnv(step.env, script) };
}

function lines({ word, script }: OwnCommand, where: readonly string[]): string[] {
  const [first = '', ...more] = splitLines(script).map(escapeControls);
  return [`${word} on ${listNames(where, 8)}: ${first}`, ...more.map((line) => `    ${line}`)];
}
