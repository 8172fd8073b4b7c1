import { shippedEtcd } from '../facts/lib/etcd-releases.ts';
import { listedTag } from '../facts/lib/listed-images.ts';
import { compareVersions, minorOf } from '../facts/lib/version.ts';
import type { KubeadmCall } from '../facts/target-kubeadm.ts';
import type { Finding, Guard } from './guard.ts';
import { answerFor } from './lib/answer.ts';
import { type Draft, findingOf, listed, targetOf } from './lib/subject.ts';

/** What the upgrade itself would fail with: its checks, the version policy, a patch that does not fit. */
const OWN_CHECKS = /^\[ERROR |^\[upgrade\/(version|health|config|apply)\] FATAL|^- |\bpatch/;

export const targetKubeadm: Guard = {
  id: 'target-kubeadm',
  title: "The target's own kubeadm finds nothing in the way",
  source: 'kubeadm upgrade plan, diff, apply --dry-run and node --dry-run, by the kubeadm of the release',
  facts: ['kubeadmConfig'],
  scope: 'run',
  ofSteps: true,
  asksKubeadm: true,
  check(input): readonly Finding[] {
    const answer = answerFor(input);
    const release = targetOf(input.step);
    if (!answer || !input.step || release === undefined) return [];
    const node = input.step.node.name;
    const drafts = [
      ...(answer.unusable === undefined ? [] : [notAsked(release, node, answer.unusable)]),
      ...answer.calls.flatMap((call) => ofCall(release, node, call)),
      ...(answer.toConvert ?? []).map((group) => toConvert(release, group)),
      ...(answer.images ? ofEtcd(input.before.cluster?.kubeadmConfig?.etcd?.imageTag, input.before, release) : []),
    ];
    return drafts.map((draft) => findingOf(targetKubeadm, { ...draft, node }));
  },
};

function notAsked(release: string, node: string, why: string): Draft {
  return {
    severity: 'warn',
    summary: `kubeadm ${release} could not be asked on ${node} before it is installed: ${why}`,
    remedy: 'What it would do is judged by the tables of this program alone.',
  };
}

function ofCall(release: string, node: string, { id, command, ended, said }: KubeadmCall): Draft[] {
  const quoted = listed(said, 8);
  switch (ended) {
    case 'done':
      return [];
    case 'timed-out':
      return [
        {
          severity: 'warn',
          summary: `\`${command}\` of kubeadm ${release} did not come to an end on ${node}, and was ended`,
          remedy: 'Look whether the API server answers there; what it would say is judged by tables alone.',
        },
      ];
    case 'failed':
      return [
        {
          severity: id === 'dry-run' && said.some((line) => OWN_CHECKS.test(line)) ? 'refuse' : 'warn',
          summary: `\`${command}\` of kubeadm ${release} failed on ${node}: ${quoted}`,
          remedy:
            id === 'dry-run'
              ? 'The upgrade would begin with the same checks: fix what they name, or let kubeadm ignore a check by name (--set ignorePreflightErrors=NAME). A dry run may also fail for reasons of its own; then override this guard.'
              : 'It changes nothing, and the upgrade does not need it: what it would say is judged by tables.',
        },
      ];
  }
}

function toConvert(release: string, group: string): Draft {
  return {
    severity: 'warn',
    summary: `kubeadm ${release} cannot convert the configuration of ${group} by itself`,
    remedy:
      'Write it in the version that `kubeadm upgrade plan` prefers, in its ConfigMap in kube-system, before the upgrade.',
  };
}

/** Where the table is wrong in a way that its rules depend on: a newer patch of the same minor is no such way. */
function ofEtcd(pinned: string | undefined, facts: Parameters<typeof listedTag>[0], release: string): Draft[] {
  const byTable = shippedEtcd(release)?.atLeast;
  const tag = listedTag(facts, release, 'etcd')?.replace(/-\d+$/, '');
  if (pinned !== undefined || byTable === undefined || tag === undefined) return [];
  if (minorOf(tag) === minorOf(byTable) && compareVersions(tag, byTable) >= 0) return [];
  return [
    {
      severity: 'note',
      summary: `kubeadm ${release} brings etcd ${tag}, where the table of this program says ${byTable} or newer`,
      remedy: 'What kubeadm says counts.',
    },
  ];
}
