import { isAskable } from '../engine/check.ts';
import type { Facts, FileFact } from '../facts/facts.ts';
import { type Looked, withLooked } from '../facts/lib/looked.ts';
import type { FactsDocument } from '../facts-file/document.ts';
import type { DraftedStep } from '../plan/bind.ts';
import { checkDigest } from './kept-answers.ts';
import type { OwnAnswers } from './own-commands.ts';
import type { Look } from './plan.ts';
import type { Source } from './source.ts';

type Checks = NonNullable<FactsDocument['asked']['checks']>;

/** What a plan asks of nodes beside facts, kept for a facts file. What a runbook requires is not asked. */
export class Recording implements OwnAnswers {
  readonly #source: Source;
  readonly unasked: ReadonlyMap<string, string> = new Map();
  readonly #own: OwnAnswers;
  readonly #passed: Record<string, boolean> = {};
  readonly #checks: Record<string, Checks[string]> = {};
  readonly #looked: Looked[] = [];

  constructor(source: Source) {
    this.#source = source;
    this.#own = source.own(true);
  }

  get findings() {
    return this.#own.findings;
  }

  readonly checks = async (steps: readonly DraftedStep[]): Promise<Facts['checks']> => {
    const passed = await this.#own.checks(steps);
    for (const step of steps.filter(isAskable)) {
      const unasked = this.#own.unasked.get(step.key);
      this.#checks[step.key] = { script: checkDigest(step), ...(unasked !== undefined && { unasked }) };
    }
    Object.assign(this.#passed, passed);
    return passed;
  };

  readonly requirements = (): Promise<ReadonlyMap<string, string>> => Promise.resolve(new Map());

  readonly look: Look = async (steps, facts) => {
    const looked = await this.#source.look(steps, facts);
    if (looked) this.#looked.push(looked);
    return looked;
  };

  /** Files of the operator's machine are left out: they are the runbook's, and read with it. */
  added(facts: Facts): { readonly facts: Facts; readonly checks: Checks } {
    const files: Record<string, Readonly<Record<string, FileFact>>> = {};
    let all = facts;
    for (const looked of this.#looked) {
      for (const [name, own] of Object.entries(looked.files.nodes)) files[name] = { ...files[name], ...own };
      all = withLooked(all, looked);
    }
    const has = this.#looked.length > 0;
    return {
      facts: {
        ...all,
        ...(has && { files: { local: {}, nodes: files } }),
        ...(Object.keys(this.#passed).length > 0 && { checks: this.#passed }),
      },
      checks: this.#checks,
    };
  }
}
