import type { NodeFacts } from '../../facts/facts.ts';
import { cleanedBy, KUBEADM_FLAGS } from '../../facts/lib/kubeadm-cleans.ts';
import type { ActionContext } from '../action.ts';
import type { KubeadmOptions } from './kubeadm-options.ts';

/**
 * A node's facts once kubeadm has written its kubelet configuration: from the cluster's ConfigMap, unless patches,
 * which are not known, are laid over it. It takes flags of old out of its own file.
 */
export function withKubeletFiles(node: NodeFacts, context: ActionContext<KubeadmOptions>, target: string): NodeFacts {
  const setup = node.kubeletSetup;
  if (!setup) return node;
  const shared = context.facts.cluster?.kubeletConfig;
  const config = context.with.patches === undefined && shared && !shared.missing ? shared : setup.config;
  const gone = cleanedBy(target);
  const flags = setup.flags.filter(({ file, name }) => file !== KUBEADM_FLAGS || !gone.includes(name));
  return { ...node, kubeletSetup: { ...setup, flags, writtenFor: target, ...(config && { config }) } };
}
