import type { PackageStateFact } from '../facts/package-state.ts';
import { kubernetesPackages, type PackageReading } from '../packages/manager.ts';
import { managerOf } from '../packages/registry.ts';
import type { Guard } from './guard.ts';
import { type MachineDraft, onMachines } from './lib/machines.ts';
import { listed } from './lib/subject.ts';

export const packageState: Guard = {
  id: 'package-state',
  title: 'No package was left half installed, and no one else installs',
  source:
    'dpkg(1) --audit; apt-get(8): installs nothing as long as a package is half configured; dnf(8): remove --duplicates',
  facts: ['os', 'packageState'],
  scope: 'run',
  check: (input) =>
    input.step
      ? []
      : onMachines(packageState, input, (facts) => {
          const reading = managerOf(facts)?.reading;
          return facts.packageState
            ? [...broken(facts.packageState, reading), ...locked(facts.packageState, reading)]
            : [];
        }),
};

function broken({ broken: names }: PackageStateFact, reading: PackageReading | undefined): MachineDraft[] {
  if (names.length === 0) return [];
  const foreign = names.filter((name) => !kubernetesPackages.some((known) => known === name.replace(/:.*/, '')));
  const summary = `packages are half installed: ${listed(names)}`;
  const audit = reading?.audit;
  // What an upgrade of ours left behind, the next one finishes.
  return foreign.length === 0
    ? [{ severity: 'warn', summary, remedy: `install-packages finishes them first (${audit?.finishing ?? ''}).` }]
    : [{ severity: 'refuse', summary, remedy: audit?.remedy ?? 'Finish or remove them there.' }];
}

function locked({ lock }: PackageStateFact, reading: PackageReading | undefined): MachineDraft[] {
  if (!lock) return [];
  return [
    {
      severity: 'warn',
      summary: `process ${lock.pid} (${lock.command}) works with packages now: it holds ${lock.file}`,
      remedy: `An installation waits for it, up to five minutes. Let it finish, or stop what starts it (${reading?.background ?? 'a service'}); never delete the lock.`,
    },
  ];
}
