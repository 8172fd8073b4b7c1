import { vendorOf } from '../facts/lib/vendors.ts';
import type { NodeObject } from '../facts/nodes.ts';
import { defined, type Found, type FoundNode, type Login } from './found.ts';

/** How the nodes were asked, and what is known of the machine that answered. */
export interface Asked {
  readonly cluster?: string;
  /** How to log in to all of them, as far as that is known. */
  readonly ssh: Login;
  /** The machine that was logged in to: its Node object, and how it was reached. */
  readonly reached?: { readonly node: string; readonly host: string; readonly port?: number };
  /** The release of the API server, where it was asked. */
  readonly version?: string;
}

/** Node objects as nodes of an inventory: names, roles and addresses are the API's. */
export function foundFrom(objects: readonly NodeObject[], asked: Asked): Found {
  const order = (one: NodeObject) => (one.controlPlane ? 0 : 1);
  const nodes = objects.toSorted((a, b) => order(a) - order(b)).map((object) => nodeOf(object, asked));
  const versions = [...new Set(objects.map(({ kubeletVersion }) => kubeletVersion))];
  const vendors = [...new Set(versions.flatMap((version) => vendorOf(version) ?? []))];
  const version = asked.version ?? objects.find((one) => one.controlPlane)?.kubeletVersion ?? versions[0];
  const notes = [
    ...(versions.length > 1 ? [`The kubelets are of several releases: ${versions.join(', ')}.`] : []),
    ...vendors.map(
      (vendor) => `${vendor} runs here: the runbooks that upgrade with kubeadm do not upgrade these nodes.`,
    ),
    ...(objects.some((one) => one.controlPlane)
      ? []
      : ['No node has the role of a control plane: a managed cluster? What kubeadm does needs machines with one.']),
    'Machines that are no Node objects (an external etcd, load balancers) are not listed.',
  ];
  return {
    ...defined<{ cluster: string; version: string }>({ cluster: asked.cluster, version }),
    nodes,
    become: {
      method: 'sudo',
      ...(asked.reached === undefined && { note: 'not known: without a password, sudo must not ask for one' }),
    },
    notes,
  };
}

function nodeOf(object: NodeObject, { reached, ssh }: Asked): FoundNode {
  const { name, controlPlane } = object;
  const role = controlPlane ? ('control-plane' as const) : ('worker' as const);
  if (reached?.node === name) {
    const own = reached.port === undefined ? ssh : { ...ssh, port: reached.port };
    return { name, host: reached.host, role, ssh: own, notes: {} };
  }
  const address = addressOf(object);
  const isOwn = reached === undefined || address === undefined;
  const note = address === undefined ? 'the Node object has no address' : "the API's address; no login was tried";
  return {
    name,
    host: address ?? name,
    role,
    ssh,
    notes: {
      host: note,
      ...(isOwn && ssh.user === undefined && { ssh: 'not known: the user and the key' }),
    },
  };
}

/** The address that other nodes use: the first of these kinds. */
function addressOf({ addresses }: NodeObject): string | undefined {
  const of = (type: string) => addresses.find((one) => one.type === type)?.address;
  return of('InternalIP') ?? of('ExternalIP') ?? of('InternalDNS') ?? of('Hostname');
}
