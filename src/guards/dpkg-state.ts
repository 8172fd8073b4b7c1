import type { PackageStateFact } from '../facts/package-state.ts';
import { kubernetesPackages } from '../facts/packages.ts';
import type { Guard } from './guard.ts';
import { type MachineDraft, onMachines } from './lib/machines.ts';
import { listed } from './lib/subject.ts';

export const dpkgState: Guard = {
  id: 'dpkg-state',
  title: 'No package was left half installed, and nobody else installs',
  source: 'dpkg(1) --audit; apt-get(8): installs nothing as long as a package is half configured',
  facts: ['packageState'],
  scope: 'run',
  check: (input) =>
    input.step
      ? []
      : onMachines(dpkgState, input, ({ packageState }) =>
          packageState ? [...broken(packageState), ...locked(packageState)] : [],
        ),
};

function broken({ broken: names }: PackageStateFact): MachineDraft[] {
  if (names.length === 0) return [];
  const foreign = names.filter((name) => !kubernetesPackages.some((known) => known === name.replace(/:.*/, '')));
  const summary = `packages are half installed: ${listed(names)}`;
  // What an upgrade of ours left behind, the next one finishes.
  return foreign.length === 0
    ? [
        {
          severity: 'warn',
          summary,
          remedy: 'install-packages finishes them first (dpkg --configure -a, keeping your configuration files).',
        },
      ]
    : [
        {
          severity: 'refuse',
          summary,
          remedy: 'Look at `dpkg --audit` there and finish it: dpkg --configure -a, then apt-get -f install.',
        },
      ];
}

function locked({ lock }: PackageStateFact): MachineDraft[] {
  if (!lock) return [];
  return [
    {
      severity: 'warn',
      summary: `process ${lock.pid} (${lock.command}) works with packages now: it holds ${lock.file}`,
      remedy:
        'An installation waits for it, up to five minutes. Let it finish, or stop what starts it (apt-daily, unattended-upgrades); never delete the lock.',
    },
  ];
}
