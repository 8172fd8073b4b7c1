import { stepKey } from '../../plan/key.ts';
import type { Rehearsal } from '../rehearsal.ts';
import type { Twin } from '../twin.ts';
import type { LabPackage } from '../lab-package.ts';
import { type Blow, deal } from './blow.ts';
import type { Target } from './places.ts';

/** What was planted: whether it has struck, and how a person ends it. */
export interface Planted {
  readonly struck: () => boolean;
  readonly end: (said: string) => Promise<void> | void;
  /** Milliseconds after which it is over by itself. */
  readonly lasts: number;
}

/** Milliseconds after its attempt was sent at which a step is at work. */
const AT_WORK = 700;

/** Plants a misfortune on a twin, whose rehearsal is about to come to the step. Undefined: there is no place for it. */
export async function plant(
  lab: LabPackage,
  twin: Twin,
  rehearsal: Rehearsal,
  { misfortune: { strike }, step, victim }: Target,
): Promise<Planted | undefined> {
  const { world, time } = twin;
  const key = stepKey(step.node, step.id);
  const machine = twin.machine(victim);
  let struck = false;
  const planted = (more: Partial<Planted> = {}): Planted => ({
    struck: () => struck,
    end: () => undefined,
    lasts: 0,
    ...more,
  });
  const onRecord = (when: 'before' | 'after', type: 'attempt-started' | 'attempt-ended', act: () => void): void => {
    rehearsal.kept.hook = (at, _seq, body) => {
      if (struck || at !== when || body.type !== type || stepKey(body.node, body.step) !== key) return;
      struck = true;
      act();
    };
  };
  const whileAtWork = (act: () => void): void =>
    onRecord('after', 'attempt-started', () => {
      time.after(AT_WORK, act);
    });
  const dealt =
    (blow: Blow, ms = 0) =>
    (): void => {
      const { controller } = rehearsal;
      deal(blow, { controller, cutOff: () => twin.cutOff(victim, ms), reboot: () => lab.reboot(machine) });
    };
  const there = (end: Planted['end']): Planted => {
    struck = true;
    return planted({ end });
  };
  switch (strike.kind) {
    case 'command': {
      const effect = lab.parseFaultEffect(strike.does);
      if (!effect) throw new RangeError(`the lab has no fault ${strike.does}`);
      const { phase } = strike;
      const fault = { on: new RegExp(strike.on), effect, times: 1, ...(phase !== undefined && { phase }) };
      machine.audit.faults.push(fault);
      const end = async (said: string): Promise<void> => {
        // The one of kubeadm's moments that it does not come back from by itself: what is said has the command.
        const command = /put it back: `?(cp -p \S+ [^\s`]*\/)/i.exec(said)?.[1];
        if (command !== undefined) await time.run(lab.runScript(machine, command));
      };
      return planted({ struck: () => !machine.audit.faults.includes(fault), end });
    }
    case 'kill':
      if (strike.when === 'recorded') onRecord('after', 'attempt-started', dealt('kill'));
      else if (strike.when === 'ended') onRecord('before', 'attempt-ended', dealt('kill'));
      else whileAtWork(dealt('kill'));
      return planted();
    case 'power':
      whileAtWork(dealt('reboot'));
      return planted();
    case 'network':
      whileAtWork(dealt('drop', strike.ms));
      return planted({ lasts: strike.ms });
    case 'problem':
      await lab.plantProblem(world, `${strike.name}@${victim}`);
      return there(() => lab.mendProblem(world, strike.name, victim));
    case 'registry':
      return there(await lab.cutOffRegistry(machine));
    case 'budget': {
      const end = lab.blockEvictions(world, machine.name);
      return end && there(end);
    }
  }
}
