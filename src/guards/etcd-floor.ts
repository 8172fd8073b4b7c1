import type { BoundStep } from '../actions/bound-step.ts';
import {
  ETCD_FLOOR,
  ETCD_FLOOR_SOURCE,
  etcdVersionOf,
  isBeyondFloor,
  meetsFloor,
  shippedEtcd,
} from '../facts/lib/etcd-releases.ts';
import type { Facts } from '../facts/facts.ts';
import { minorNumber, minorText } from '../facts/lib/version.ts';
import type { Finding, Guard, GuardInput } from './guard.ts';
import { listed, targetOf } from './lib/subject.ts';

export const etcdFloor: Guard = {
  id: 'etcd-floor',
  title: `Several members of etcd come to 3.6 from ${ETCD_FLOOR} or newer only`,
  source: ETCD_FLOOR_SOURCE,
  facts: ['staticPods', 'binaries'],
  scope: 'step',
  roles: ['control-plane'],
  ofSteps: true,
  check: (input) => (input.step ? judge(input, input.step) : []),
};

/** The image of etcd that a control plane's manifest has. */
interface Member {
  readonly node: string;
  readonly tag: string;
  /** Undefined: a release whose etcd is not known will have brought it by then. */
  readonly version: string | undefined;
}

function judge(input: GuardInput, step: BoundStep): Finding[] {
  if (!input.before.nodes[step.node.name]?.staticPods?.components['etcd']) return [];
  const members = membersOf(input.before);
  const own = members.find((member) => member.node === step.node.name);
  const target = targetOf(step) ?? input.before.nodes[step.node.name]?.binaries?.kubeadm;
  const next = target === undefined ? undefined : shippedEtcd(target)?.atLeast;
  if (!own || members.length < 2 || target === undefined || next === undefined) return [];
  if (!isBeyondFloor(next) || (own.version !== undefined && isBeyondFloor(own.version))) return [];
  const low = members.filter(({ version }) => version !== undefined && !meetsFloor(version));
  const unknown = members.filter(({ version }) => version === undefined);
  if (low.length > 0) return [refusal(low, target, next)];
  return unknown.length > 0 ? [note(unknown, target)] : [];
}

function membersOf({ nodes }: Facts): Member[] {
  return Object.entries(nodes).flatMap(([node, { staticPods }]) => {
    const tag = staticPods?.components['etcd']?.tag;
    return tag === undefined ? [] : [{ node, tag, version: etcdVersionOf(tag) }];
  });
}

function refusal(low: readonly Member[], target: string, next: string): Finding {
  const before = minorText((minorNumber(target) ?? 1) - 1);
  return {
    guard: etcdFloor.id,
    severity: 'refuse',
    summary: `${target} brings etcd ${next}, and members below ${ETCD_FLOOR} could let removed ones come back: ${listed(low.map(({ node, tag }) => `${node} (${tag})`))}`,
    remedy: `Go to a patch of ${before} first whose etcd is ${ETCD_FLOOR} or newer, e.g. by --set via=${before}.N (\`kubeadm config images list --kubernetes-version v${before}.N\` shows it). One member alone needs none.`,
    source: etcdFloor.source,
  };
}

function note(unknown: readonly Member[], target: string): Finding {
  return {
    guard: etcdFloor.id,
    severity: 'note',
    summary: `which etcd will run before ${target} is not known here: ${listed(unknown.map(({ node }) => node))}`,
    remedy: `It must be ${ETCD_FLOOR} or newer, and is looked at again before that step; a refusal there changes nothing.`,
    source: etcdFloor.source,
  };
}
