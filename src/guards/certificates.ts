import type { CertificatesFact } from '../facts/certificates.ts';
import { missingKey } from '../facts/lib/signers.ts';
import type { Finding, Guard, GuardInput, GuardNode } from './guard.ts';
import type { Draft } from './lib/subject.ts';
import { upgradeOptions } from './lib/upgrade.ts';

const day = 86_400;
/** Days before a certificate's end. kubeadm's leaf certificates last a year, its authorities ten. */
const soon = { leaf: 30, authority: 365 };

export const certificates: Guard = {
  id: 'certificates',
  title: 'No certificate has ended or is about to',
  source:
    '"Certificate Management with kubeadm" (kubeadm upgrade renews all whose authority\'s key is there, but authorities and the kubelet\'s)',
  facts: ['certificates'],
  scope: 'run',
  check: (input) =>
    nodesOf(input).flatMap((node) =>
      judge(input, node).map((draft): Finding => ({ guard: certificates.id, source: certificates.source, ...draft })),
    ),
};

function nodesOf({ nodes, step }: GuardInput): readonly GuardNode[] {
  return step ? [step.node] : nodes;
}

function judge(input: GuardInput, node: GuardNode): Draft[] {
  const fact = input.before.nodes[node.name]?.certificates;
  const now = fact?.now;
  if (!fact || now === undefined) return [];
  return fact.files.flatMap((file): Draft[] => {
    const days = Math.floor((file.notAfter - now) / day);
    const kind = kindOf(file.path);
    const external = node.role === 'control-plane' ? missingKey(fact, file.path) : undefined;
    if (file.notAfter <= now) return [ended(node, file, kind, external)];
    if (days >= (kind === 'authority' ? soon.authority : soon.leaf)) return [];
    return [ending(input, node, file, days, kind, external)];
  });
}

type Kind = 'authority' | 'kubelet' | 'leaf';
type File = CertificatesFact['files'][number];

function kindOf(path: string): Kind {
  if (/\/(ca|front-proxy-ca)\.crt$/.test(path)) return 'authority';
  return /\/kubelet(\.conf$|\/pki\/)/.test(path) ? 'kubelet' : 'leaf';
}

function ended(node: GuardNode, file: File, kind: Kind, external: string | undefined): Draft {
  return {
    node: node.name,
    severity: 'refuse',
    summary: `the certificate ${file.path} of ${node.name} ended on ${dayOf(file)}`,
    remedy: {
      authority: 'Replace that authority ("Manual Rotation of CA Certificates") before anything else.',
      kubelet: 'Join the kubelet again: a new bootstrap token, or kubeadm kubeconfig user for its kubelet.conf.',
      leaf:
        external === undefined
          ? `On ${node.name}: kubeadm certs renew all, then restart its static pods.`
          : externalRemedy(external),
    }[kind],
  };
}

function ending(
  input: GuardInput,
  node: GuardNode,
  file: File,
  days: number,
  kind: Kind,
  external: string | undefined,
): Draft {
  const summary = `the certificate ${file.path} of ${node.name} ends in ${days} days, on ${dayOf(file)}`;
  if (kind === 'authority') {
    const remedy =
      'kubeadm does not renew authorities: plan their rotation ("Manual Rotation of CA Certificates"); nothing signed by it lasts longer.';
    return { node: node.name, severity: days < soon.leaf ? 'warn' : 'note', summary, remedy };
  }
  if (kind === 'kubelet') {
    const remedy =
      'The kubelet should have renewed it by itself: is rotateCertificates on, and are its requests approved (kubectl get csr)?';
    return { node: node.name, severity: 'warn', summary, remedy };
  }
  if (external !== undefined) return { node: node.name, severity: 'warn', summary, remedy: externalRemedy(external) };
  const kept = upgradeOptions(input.step)?.certificateRenewal === false;
  return {
    node: node.name,
    severity: kept || node.role !== 'control-plane' ? 'warn' : 'note',
    summary,
    remedy: kept
      ? 'This step has certificateRenewal: false. Renew it by hand (kubeadm certs renew all), or let the upgrade do so.'
      : 'kubeadm upgrade renews it on a control plane; without one: kubeadm certs renew all.',
  };
}

/** External CA mode of kubeadm. */
function externalRemedy(key: string): string {
  return `${key} is not on the node (external CA), so that no kubeadm renews it, an upgrade neither: have it signed by that authority (kubeadm certs generate-csr), put it in place, and restart the static pods.`;
}

function dayOf(file: File): string {
  return new Date(file.notAfter * 1000).toISOString().slice(0, 10);
}
