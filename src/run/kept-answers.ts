import { isAskable, withEnv } from '../engine/check.ts';
import { sha256 } from '../digest.ts';
import type { Facts } from '../facts/facts.ts';
import type { Finding } from '../guards/guard.ts';
import type { DraftedStep, PlannedStep } from '../plan/bind.ts';
import type { FactsOfFile } from './facts-of-file.ts';
import { notRun, type OwnAnswers, unaskedFinding } from './own-commands.ts';

/** What identifies the text of a check, with its variables: with other inputs it is another question. */
export function checkDigest({ env, check = '', shell }: DraftedStep): string {
  return sha256(`${shell ?? 'sh'}\n${withEnv(env, check)}`);
}

/** What a facts file has of a runbook's own commands: nothing is run. */
export class KeptAnswers implements OwnAnswers {
  readonly #source: FactsOfFile;
  readonly #isRun: boolean;
  readonly #findings = new Map<string, Finding>();

  /** @param isRun false: with --no-checks */
  constructor(source: FactsOfFile, isRun: boolean) {
    this.#source = source;
    this.#isRun = isRun;
  }

  readonly unasked: ReadonlyMap<string, string> = new Map();

  get findings(): readonly Finding[] {
    return [...this.#findings.values()];
  }

  /** @throws Failure (document) where one was not asked when the file was written */
  // oxlint-disable-next-line typescript/require-await -- what it throws is a rejection, as from nodes
  readonly checks = async (steps: readonly DraftedStep[]): Promise<Facts['checks']> => {
    const checked = steps.filter(isAskable);
    if (checked.length === 0) return undefined;
    if (!this.#isRun) {
      this.#findings.set('checks', notRun);
      return undefined;
    }
    const { asked, facts, anonymised } = this.#source.document;
    const answers = checked.flatMap((step) => {
      const kept = asked.checks?.[step.key];
      const isSame = kept !== undefined && (anonymised === true || kept.script === checkDigest(step));
      if (!isSame) throw this.#source.lacks(`what the check of ${step.id} on ${step.node.name} answers`);
      const [finding] = unaskedFinding(step, kept.unasked);
      if (finding) this.#findings.set(step.key, finding);
      const passed = facts.checks?.[step.key];
      return passed === undefined ? [] : [[step.key, passed] as const];
    });
    return Object.fromEntries(answers);
  };

  /** They are not in the file: what they ask is about the moment of the run. */
  readonly requirements = (steps: readonly PlannedStep[]): Promise<ReadonlyMap<string, string>> => {
    if (steps.length > 0) this.#findings.set('require', this.#isRun ? NOT_REQUIRED : notRun);
    return Promise.resolve(new Map());
  };
}

const NOT_REQUIRED: Finding = {
  guard: 'require',
  severity: 'note',
  summary: 'what the runbook requires was not asked: with a facts file no command of it is run',
  remedy: '`runbook plan` without --facts asks it, and `apply` does.',
  source: 'with --facts, no one is contacted',
};
