import type { FastTime, Machine, Printed, World } from 'runbook-lab';
import type { LabPackage } from '../lab-package.ts';
import type { Memo } from '../memo.ts';
import { Twin } from '../twin.ts';

/** A twin that answers reading scripts as a twin in exactly the same state did before. */
export class RecallingTwin extends Twin {
  readonly #answers: Memo;

  constructor(lab: LabPackage, world: World, time: FastTime, answers: Memo) {
    super(lab, world, time);
    this.#answers = answers;
  }

  override probe(machine: Machine, script: string): Promise<Printed> {
    return this.#answers.answer(this, machine, script, () => super.probe(machine, script));
  }
}
