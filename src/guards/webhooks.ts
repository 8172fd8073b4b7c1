import type { Facts } from '../facts/facts.ts';
import type { PodFact } from '../facts/pods.ts';
import type { WebhookFact } from '../facts/webhooks.ts';
import { type BoundStep, isStepOf } from '../actions/bound-step.ts';
import { drain } from '../actions/drain.ts';
import { stays } from '../facts/lib/drain.ts';
import { nodeObjectFor } from '../facts/lib/identity.ts';
import type { Finding, Guard, GuardInput } from './guard.ts';
import { type Asked, askedOf, exempts, OF_DRAINS, OF_KUBEADM } from './lib/admission.ts';
import { listed, peopleName } from './lib/subject.ts';
import { upgradeOptions } from './lib/upgrade.ts';

/** Webhooks that are asked at an address outside, or whose Service names its backends by hand, are not judged. */
export const webhooks: Guard = {
  id: 'webhooks',
  title: 'No webhook that must answer is out of service, or goes with the node that is drained',
  source: '"Dynamic Admission Control": failurePolicy Fail; kubeadm: `failed calling webhook`',
  facts: ['webhooks', 'pods', 'nodes', 'machine', 'kubelet'],
  scope: 'step',
  check: (input) => {
    const failing = (input.before.cluster?.webhooks ?? []).filter((hook) => hook.fails);
    const { step } = input;
    if (!step) return failing.flatMap((hook) => silent(input, hook, [OF_DRAINS, ...OF_KUBEADM]));
    if (upgradeOptions(step)) {
      const asked = OF_KUBEADM.filter(({ roles }) => roles.includes(step.node.role));
      return failing.flatMap((hook) => silent(input, hook, asked));
    }
    if (!isStepOf(step, drain)) return [];
    return failing
      .filter((hook) => askedOf(hook, [OF_DRAINS]).length > 0)
      .flatMap((hook) => goesWith(input, step, hook));
  },
};

/** Ready pods behind a webhook; undefined: not known. */
function backendsOf(facts: Facts, { service, selector }: WebhookFact): PodFact[] | undefined {
  const pods = facts.cluster?.pods;
  if (!pods || !service || !selector) return undefined;
  return pods.filter(
    (pod) =>
      pod.namespace === service.namespace &&
      pod.ready &&
      !pod.deleting &&
      Object.entries(selector).every(([key, value]) => pod.labels[key] === value),
  );
}

/** Refuses where kubeadm would certainly fail half way: nothing of what it is about exempts kubeadm's own objects. */
function silent({ before, step }: GuardInput, hook: WebhookFact, asked: readonly Asked[]): Finding[] {
  const about = askedOf(hook, asked);
  const backends = backendsOf(before, hook);
  if (about.length === 0 || !backends || backends.length > 0) return [];
  const exempt = exempts(hook, about);
  if (exempt === 'yes') return [];
  const service = `${hook.service?.namespace ?? ''}/${hook.service?.name ?? ''}`;
  return [
    {
      guard: webhooks.id,
      severity: step && exempt === 'no' ? 'refuse' : 'warn',
      ...(step ? { node: step.node.name } : {}),
      summary: `the webhook ${hook.name} (${hook.kind} ${hook.configuration}) must answer for ${listed(about)}, but ${service} has no ready pod`,
      remedy: `Bring its pods back, or take the configuration away: kubectl delete ${hook.kind.toLowerCase()} ${hook.configuration}.`,
      source: webhooks.source,
    },
  ];
}

function goesWith({ before }: GuardInput, step: BoundStep, hook: WebhookFact): Finding[] {
  const object = nodeObjectFor(before, step.node.name);
  const backends = backendsOf(before, hook);
  // Projected facts do not show where an evicted pod goes: if one has no node, nothing is known.
  if (!object || !backends || backends.length === 0 || !backends.every((pod) => pod.node === object.name)) return [];
  const left = backends.filter((pod) => !stays(pod));
  if (left.length === 0) return [];
  const names = listed(left.map((pod) => `${pod.namespace}/${pod.name}`));
  return [
    {
      guard: webhooks.id,
      severity: 'warn',
      node: step.node.name,
      summary: `all that answers for the webhook ${hook.name} (${hook.kind} ${hook.configuration}) is on ${peopleName(before, object.name)}: ${names}`,
      remedy:
        'While it moves no pod or node can be changed, perhaps not even its own pod created again: give it replicas on two nodes first, or exempt its namespace.',
      source: webhooks.source,
    },
  ];
}
