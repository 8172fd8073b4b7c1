import { type BoundStep, isStepOf } from '../actions/bound-step.ts';
import { installPackages } from '../actions/install-packages.ts';
import type { NodeFacts } from '../facts/facts.ts';
import type { Guard } from './guard.ts';
import { type MachineDraft, onMachines } from './lib/machines.ts';
import { targetOf } from './lib/subject.ts';

const day = 86_400;
const soon = 30;

/** For steps that install from it. A switch of the source fetches a new key: then nothing is known of the old one. */
export const repositoryKey: Guard = {
  id: 'repository-key',
  title: 'The key that signs the package repository has not ended',
  source: 'apt-secure(8): EXPKEYSIG; "Changing the Kubernetes package repository"',
  facts: ['repositoryKeys', 'repository'],
  scope: 'run',
  check: (input) => {
    // Other packages than those of Kubernetes come from elsewhere.
    if (input.step && (!isStepOf(input.step, installPackages) || targetOf(input.step) === undefined)) return [];
    return onMachines(repositoryKey, input, (facts) => judge(facts, input.step));
  },
};

function judge({ repositoryKeys, repository }: NodeFacts, step: BoundStep | undefined): MachineDraft[] {
  const now = repositoryKeys?.now;
  if (!repositoryKeys || now === undefined) return [];
  const used = new Set(
    (repository?.sources ?? []).flatMap(({ enabled, signedBy }) =>
      enabled && signedBy !== undefined ? [signedBy] : [],
    ),
  );
  return repositoryKeys.keyrings
    .filter(({ file, keys }) => used.has(file) && keys.length > 0)
    .flatMap(({ file, keys }): MachineDraft[] => {
      // One key that is still valid is enough for a signature made with it.
      const end = Math.max(...keys.map(({ expires }) => expires ?? Number.POSITIVE_INFINITY));
      if (end <= now) return [ended(file, end, step)];
      const days = Math.floor((end - now) / day);
      return step || days >= soon ? [] : [ending(file, end, days)];
    });
}

function ended(file: string, end: number, step: BoundStep | undefined): MachineDraft {
  return {
    severity: step ? 'refuse' : 'warn',
    summary: `the key of the package repository in ${file} ended on ${dayOf(end)}: nothing signed with it is installed`,
    remedy:
      "package-repo fetches a new key when it switches the source. Else fetch the newest minor's by hand: curl -fsSL .../core:/stable:/vX.Y/deb/Release.key | gpg --batch --yes --dearmor -o that file.",
  };
}

function ending(file: string, end: number, days: number): MachineDraft {
  return {
    severity: 'note',
    summary: `the key of the package repository in ${file} ends in ${days} days, on ${dayOf(end)}`,
    remedy: 'package-repo fetches a new one when it switches the source.',
  };
}

function dayOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}
