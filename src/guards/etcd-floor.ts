import { type BoundStep, isStepOf } from '../actions/bound-step.ts';
import { kubeadmUpgradeApply } from '../actions/kubeadm-upgrade-apply.ts';
import { ETCD_FLOORS, type EtcdFloor, etcdVersionOf, floorBetween, isOrNewer } from '../facts/lib/etcd-releases.ts';
import { type EtcdOfRelease, etcdOfRelease } from '../facts/lib/etcd-target.ts';
import type { Facts } from '../facts/facts.ts';
import { compareVersions, minorNumber, minorText } from '../facts/lib/version.ts';
import type { Finding, Guard, GuardInput } from './guard.ts';
import { type Draft, findingOf, listed, targetOf } from './lib/subject.ts';
import { upgradeOptions } from './lib/upgrade.ts';

export const etcdFloor: Guard = {
  id: 'etcd-floor',
  title: 'etcd moves to its next minor only from a release that etcd supports',
  source: ETCD_FLOORS.map(({ source }) => source).join('; '),
  comparedWith: 37,
  facts: ['staticPods', 'binaries', 'kubeadmConfig', 'prefetched'],
  scope: 'step',
  asksKubeadm: true,
  roles: ['control-plane'],
  ofSteps: true,
  check: (input) => (input.step ? judge(input, input.step) : []),
};

/** The image of etcd that a control plane's manifest has. */
interface Member {
  readonly node: string;
  readonly tag: string;
  /** Undefined: its tag is none of a release. */
  readonly version: string | undefined;
  /** It may be a newer one by then. */
  readonly orNewer: boolean;
}

interface Move {
  readonly members: readonly Member[];
  readonly target: string;
  readonly next: EtcdOfRelease;
  readonly floor: EtcdFloor;
}

function judge(input: GuardInput, step: BoundStep): Finding[] {
  const { nodes } = input.before;
  if (upgradeOptions(step)?.etcdUpgrade === false) return [];
  if (!nodes[step.node.name]?.staticPods?.components['etcd']) return [];
  const members = membersOf(input.before);
  const own = members.find((member) => member.node === step.node.name);
  const target = targetOf(step) ?? nodes[step.node.name]?.binaries?.kubeadm;
  const next = target === undefined ? undefined : etcdOfRelease(input.before, target);
  const floor = next && own && floorBetween(own.version, next.version);
  if (target === undefined || !next || !floor) return [];
  const move: Move = { members, target, next, floor };
  const drafts = members.length < 2 && floor.ofSeveral === true ? asked(move) : judgeMembers(move);
  // What does not refuse is said once for all members, where the first of them moves.
  const said = isStepOf(step, kubeadmUpgradeApply) ? drafts : drafts.filter(({ severity }) => severity === 'refuse');
  return said.map((draft) => findingOf({ id: etcdFloor.id, source: floor.source }, draft));
}

function judgeMembers(move: Move): Draft[] {
  const { members, floor } = move;
  const low = members.filter(({ version }) => version === undefined || compareVersions(version, floor.from) < 0);
  const unknown = low.filter(({ version, orNewer }) => version === undefined || orNewer);
  if (low.length > unknown.length)
    return [
      below(
        low.filter((member) => !unknown.includes(member)),
        move,
      ),
    ];
  return unknown.length > 0 ? [notKnown(unknown, move)] : asked(move);
}

function membersOf({ nodes }: Facts): Member[] {
  return Object.entries(nodes).flatMap(([node, { staticPods }]) => {
    const tag = staticPods?.components['etcd']?.tag;
    if (tag === undefined) return [];
    return [{ node, tag, version: etcdVersionOf(tag), orNewer: isOrNewer(tag) }];
  });
}

function shown(members: readonly Member[]): string {
  return listed(
    members.map(({ node, tag, version, orNewer }) => `${node} (${orNewer ? `${version ?? tag} or newer` : tag})`),
  );
}

function brings({ target, next }: Move): string {
  if (next.by === 'pin') return `etcd.local.imageTag of kubeadm-config brings etcd ${next.version}`;
  return `${target} brings etcd ${next.version}${next.by === 'table' ? ' (by table)' : ''}`;
}

function below(low: readonly Member[], move: Move): Draft {
  const { target, floor } = move;
  const before = minorText((minorNumber(target) ?? 1) - 1);
  return {
    severity: floor.severity,
    summary: `${brings(move)}, and members are below ${floor.from}, where ${floor.why}: ${shown(low)}`,
    remedy: `Go to a patch of ${before} first whose etcd is ${floor.from} or newer, e.g. by --set via=${before}.N (\`kubeadm config images list --kubernetes-version v${before}.N\` shows it). If none has it: set \`etcd.local.imageTag: ${floor.better ?? floor.from}-0\` in the ClusterConfiguration (kubectl -n kube-system edit configmap kubeadm-config), run \`kubeadm upgrade apply\` and \`kubeadm upgrade node\` of the running release again, and take the tag out before ${target}.${floor.ofSeveral ? ' One member alone needs none.' : ''}`,
  };
}

function notKnown(unknown: readonly Member[], { target, floor }: Move): Draft {
  return {
    severity: 'note',
    summary: `which etcd will run before ${target} is not known here: ${shown(unknown)}`,
    remedy: `It must be ${floor.from} or newer, and is looked at again before that step; a refusal there changes nothing.`,
  };
}

/** What is recommended although the floor is met. */
function asked(move: Move): Draft[] {
  const { floor, members } = move;
  const { better, ask } = floor;
  const older = members.filter(({ version }) => compareVersions(version ?? '0.0.0', better ?? '0.0.0') < 0);
  if (ask === undefined || better === undefined || older.length === 0) return [];
  return [
    {
      severity: 'note',
      summary: `${brings(move)}, before which etcd recommends ${better} or newer: ${shown(older)}`,
      remedy: `${ask}. A newer patch of the running etcd can be set by etcd.local.imageTag.`,
    },
  ];
}
