import { Failure } from '../failure.ts';
import { LOCAL } from '../plan/hosts.ts';

/** The nodes of an inventory, as far as a control plane is chosen among them. */
export interface Choice {
  readonly nodes: readonly { readonly name: string; readonly role: string }[];
  readonly kubectl: { readonly on: 'control-plane' | 'local' };
}

/**
 * The first control plane of the inventory that is one now, as far as is known (`apart`: those that are none), but not
 * `avoid` where there is another. @throws Failure (document) where the inventory has none
 */
export function controlPlaneOf({ nodes }: Choice, apart: ReadonlySet<string>, avoid?: string): string {
  const all = nodes.filter((node) => node.role === 'control-plane').map((node) => node.name);
  const joined = all.filter((name) => !apart.has(name));
  const controlPlanes = joined.length > 0 ? joined : all;
  const host = controlPlanes.find((name) => name !== avoid) ?? controlPlanes[0];
  if (host === undefined) {
    throw new Failure('document', 'the runbook needs a control plane, but the inventory has none', [
      'Give a node `role: control-plane`, or set `kubectl: { on: local, kubeconfig: ... }`.',
    ]);
  }
  return host;
}

/** Where kubectl runs: the operator's machine, or a control plane. @throws Failure as {@link controlPlaneOf} */
export function kubectlHostOf(choice: Choice, apart: ReadonlySet<string>, avoid?: string): string {
  return choice.kubectl.on === 'local' ? LOCAL : controlPlaneOf(choice, apart, avoid);
}

/** Machines with Kubernetes packages that are no nodes of any cluster: there is nothing to ask kubectl about. */
export function isOutsideOfClusters({ nodes, kubectl }: Choice): boolean {
  return kubectl.on !== 'local' && nodes.every((node) => node.role === 'other');
}
