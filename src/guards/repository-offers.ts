import { type BoundStep, stepOf } from '../actions/bound-step.ts';
import { installPackages } from '../actions/install-packages.ts';
import type { NodeFacts } from '../facts/facts.ts';
import { minorOf } from '../facts/lib/version.ts';
import { releaseOf } from '../packages/lib/revision.ts';
import type { Finding, Guard, GuardInput } from './guard.ts';
import { listed, targetOf } from './lib/subject.ts';

export const repositoryOffers: Guard = {
  id: 'repository-offers',
  title: 'The package repository really offers the release',
  source: 'Kubernetes community package repositories: one per minor',
  facts: ['offered', 'packages', 'prefetched', 'repository'],
  scope: 'step',
  ofSteps: true,
  check: (input) => (input.step ? judge(input, input.step) : []),
};

const followed = ['kubeadm', 'kubelet', 'kubectl'];

function judge(input: GuardInput, step: BoundStep): Finding[] {
  const target = targetOf(step);
  if (target === undefined || !/^\d+\.\d+\.\d+/.test(target)) return [];
  const node = input.before.nodes[step.node.name];
  const minor = node?.offered?.[minorOf(target)];
  if (!minor) return [];
  const installed = stepOf(step, installPackages)?.with.packages;
  const names = installed ?? followed;
  const absent = names.filter((name) => {
    const revision = node?.packages?.installed[name]?.revision;
    return revision === undefined || releaseOf(revision) !== target;
  });
  const other = installed && absent.length > 0 ? otherMinors(node, target) : [];
  if (other.length > 0) {
    return [
      finding(
        step,
        `the configured package source is of ${listed(other)}, not of ${minorOf(target)}`,
        'A package-repo step must switch it first; a runbook for patch releases stays within the minor.',
      ),
    ];
  }
  const wanted = absent.filter((name) => !(installed && isFetched(node, name, target)));
  if (wanted.length === 0) return [];
  if (minor.error !== undefined) {
    return [
      finding(
        step,
        `the package repository of ${minorOf(target)} cannot be read from ${step.node.name}: ${minor.error}`,
        `Does that node reach ${minor.url || 'the repository'}? A mirror is named by packages.baseUrl in the inventory.`,
      ),
    ];
  }
  const missing = wanted.filter((name) => !minor.revisions[name]?.some((revision) => releaseOf(revision) === target));
  if (missing.length === 0) return [];
  const offered = [...new Set((minor.revisions[missing[0] ?? ''] ?? []).map(releaseOf))];
  return [
    finding(
      step,
      `${minor.url} does not offer ${missing.join(', ')} ${target}`,
      offered.length > 0
        ? `It offers ${listed(offered)}: choose one of these.`
        : 'Choose another release, or see to it that the mirror has it.',
    ),
  ];
}

/** The minors of the configured sources if none is the target's: the package manager would not find it there. */
function otherMinors(node: NodeFacts | undefined, target: string): string[] {
  const minors = (node?.repository?.sources ?? []).filter((source) => source.enabled).map((source) => source.minor);
  return minors.includes(minorOf(target)) ? [] : [...new Set(minors)];
}

/** Its archive lies on the node since a prefetch: the repository may be gone meanwhile. */
function isFetched(node: NodeFacts | undefined, name: string, target: string): boolean {
  return node?.prefetched?.archives[name]?.some((revision) => releaseOf(revision) === target) ?? false;
}

function finding(step: BoundStep, summary: string, remedy: string): Finding {
  return {
    guard: repositoryOffers.id,
    severity: 'refuse',
    node: step.node.name,
    summary,
    remedy,
    source: repositoryOffers.source,
  };
}
