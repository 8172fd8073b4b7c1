import type { FastTime, Machine, Printed, World } from 'runbook-lab';
import type { KnownFacts } from '../facts/fact.ts';
import { KnownObjects } from './known-objects.ts';
import type { LabPackage } from './lab-package.ts';
import { Twin } from './twin.ts';

/** A twin whose facts are read by what has changed since they were read last: hundreds of nodes take minutes. */
export class QuickTwin extends Twin {
  readonly known: KnownFacts;
  readonly recall: (machine: Machine, script: string) => Promise<Printed>;

  constructor(lab: LabPackage, world: World, time: FastTime) {
    super(lab, world, time);
    this.known = new KnownObjects(lab, world, (node) => {
      const machine = this.machineOf(node);
      return machine?.up === true && !this.isCutOff(node) ? machine : undefined;
    });
    const answers = new lab.Answers(world);
    this.recall = (machine, script) => answers.ask(machine, script);
  }
}
