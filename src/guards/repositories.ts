import type { RepositoryFact } from '../facts/repository.ts';
import type { Guard } from './guard.ts';
import { type MachineDraft, onMachines } from './lib/machines.ts';
import { listed } from './lib/subject.ts';

export const repositories: Guard = {
  id: 'repositories',
  title: 'Each node has one Kubernetes package source, and one that exists',
  source:
    '"Kubernetes Legacy Package Repositories Will Be Frozen": gone since 2024-03-04; community repositories hold one minor each',
  facts: ['repository'],
  scope: 'run',
  check: (input) =>
    input.step
      ? []
      : onMachines(repositories, input, ({ repository }) =>
          repository ? [...legacy(repository), ...several(repository)] : [],
        ),
};

function legacy({ legacy: found = [] }: RepositoryFact): MachineDraft[] {
  const enabled = found.filter((source) => source.enabled);
  if (enabled.length === 0) return [];
  return [
    {
      severity: 'warn',
      summary: `a package source that is gone is enabled: ${listed(enabled.map(({ file, line, url }) => `${url} (${file}:${line})`))}`,
      remedy: 'package-repo disables it. By hand: remove it, and add https://pkgs.k8s.io/core:/stable:/vX.Y/.',
    },
  ];
}

function several({ sources }: RepositoryFact): MachineDraft[] {
  const enabled = sources.filter((source) => source.enabled);
  if (enabled.length < 2) return [];
  return [
    {
      severity: 'warn',
      summary: `${enabled.length} Kubernetes package sources are enabled: ${listed(enabled.map(({ file, line, minor }) => `v${minor} (${file}:${line})`))}`,
      remedy:
        'package-repo keeps one of them. By hand: disable all but one, so that nothing installs another minor than you think.',
    },
  ];
}
