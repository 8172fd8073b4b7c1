import type { Amounts } from './lib/quantity.ts';
import { z } from 'zod';
import type { Fact } from './fact.ts';
import { kubectl, kubectlRemedy, listOf, parseJson, stringMap, withoutIndentation } from './lib/kubectl.ts';
import { amountsOf } from './lib/quantity.ts';
import { withoutV } from './lib/version.ts';

/** The annotation of a Node object in which kubeadm keeps the socket of its container runtime. */
export const CRI_SOCKET = 'kubeadm.alpha.kubernetes.io/cri-socket';

export interface NodeObject {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly unschedulable: boolean;
  readonly taints: readonly { readonly key: string; readonly effect: string; readonly value?: string }[];
  /** What pods may ask for in all: cpu in thousandths, all else in units (bytes, pods). */
  readonly allocatable?: Amounts;
  readonly ready: boolean;
  /** When the kubelet last reported Ready or not, by its own clock (ISO 8601, whole seconds). */
  readonly heartbeat?: string;
  /** The Ready condition's reason and message, for people. */
  readonly readyReason: string;
  readonly addresses: readonly { readonly type: string; readonly address: string }[];
  readonly machineId: string;
  readonly systemUuid: string;
  readonly bootId: string;
  /** Without a leading `v`. */
  readonly kubeletVersion: string;
  /** Without a leading `v`; empty from 1.36 on (no longer in nodeInfo). */
  readonly kubeProxyVersion: string;
  /** `containerd://2.0.5` */
  readonly containerRuntime?: string;
  readonly controlPlane: boolean;
}

export const nodes: Fact<readonly NodeObject[]> = {
  command: 'kubectl get nodes -o json',
  remedy: kubectlRemedy,
  filter: withoutIndentation,
  script: ({ kubeconfig }) => kubectl(kubeconfig, 'get nodes -o json'),
  parse: parseNodes,
};

const nodeSchema = z.object({
  metadata: z.object({ name: z.string(), labels: stringMap, annotations: stringMap }),
  spec: z
    .object({
      unschedulable: z.boolean().nullish(),
      taints: z.array(z.object({ key: z.string(), effect: z.string(), value: z.string().nullish() })).nullish(),
    })
    .nullish(),
  status: z.object({
    allocatable: stringMap,
    conditions: z
      .array(
        z.object({
          type: z.string(),
          status: z.string(),
          reason: z.string().nullish(),
          message: z.string().nullish(),
          lastHeartbeatTime: z.string().nullish(),
        }),
      )
      .nullish(),
    addresses: z.array(z.object({ type: z.string(), address: z.string() })).nullish(),
    nodeInfo: z.object({
      machineID: z.string().nullish(),
      systemUUID: z.string().nullish(),
      bootID: z.string().nullish(),
      kubeletVersion: z.string(),
      kubeProxyVersion: z.string().nullish(),
      containerRuntimeVersion: z.string().nullish(),
    }),
  }),
});

function parseNodes(output: string): NodeObject[] {
  return parseJson(listOf(nodeSchema), output).map(({ metadata, spec, status }) => {
    const labels = metadata.labels ?? {};
    const ready = status.conditions?.find((condition) => condition.type === 'Ready');
    return {
      name: metadata.name,
      labels,
      annotations: metadata.annotations ?? {},
      unschedulable: spec?.unschedulable ?? false,
      taints: (spec?.taints ?? []).map(({ key, effect, value }) => ({ key, effect, ...(value ? { value } : {}) })),
      ...(status.allocatable ? { allocatable: amountsOf(status.allocatable) } : {}),
      ready: ready?.status === 'True',
      ...(ready?.lastHeartbeatTime ? { heartbeat: ready.lastHeartbeatTime } : {}),
      readyReason: [ready?.reason, ready?.message].filter(Boolean).join(': ') || 'it never reported its condition',
      addresses: (status.addresses ?? []).map(({ type, address }) => ({ type, address })),
      machineId: (status.nodeInfo.machineID ?? '').toLowerCase().replaceAll('-', ''),
      systemUuid: (status.nodeInfo.systemUUID ?? '').toLowerCase(),
      bootId: (status.nodeInfo.bootID ?? '').toLowerCase(),
      kubeletVersion: withoutV(status.nodeInfo.kubeletVersion),
      kubeProxyVersion: withoutV(status.nodeInfo.kubeProxyVersion ?? ''),
      ...(status.nodeInfo.containerRuntimeVersion ? { containerRuntime: status.nodeInfo.containerRuntimeVersion } : {}),
      // Clusters before 1.20 have only the second.
      controlPlane: 'node-role.kubernetes.io/control-plane' in labels || 'node-role.kubernetes.io/master' in labels,
    };
  });
}
