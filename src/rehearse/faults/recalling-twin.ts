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

  override async probe(machine: Machine, script: string): Promise<Printed> {
    const { time, world } = this;
    const began = time.now();
    const key = await this.#answers.key(world, machine, script);
    const known = this.#answers.find(key, script);
    if (known) {
      await time.sleep(known.duration);
      return known.result;
    }
    const result = await super.probe(machine, script);
    if (machine.up && !/ annotate /.test(script)) this.#answers.add(key, result, time.now() - began);
    return result;
  }
}
