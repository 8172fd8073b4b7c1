import type { CertificatesFact } from '../facts/certificates.ts';
import type { Finding, Guard, GuardInput, GuardNode } from './guard.ts';
import type { Draft } from './lib/subject.ts';
import { upgradeOptions } from './lib/upgrade.ts';

const day = 86_400;
/** Days before a certificate's end. kubeadm's leaf certificates last a year, its authorities ten. */
const soon = { leaf: 30, authority: 365 };

export const certificates: Guard = {
  id: 'certificates',
  title: 'No certificate has ended or is about to',
  source: '"Certificate Management with kubeadm" (kubeadm upgrade renews all but authorities and the kubelet\'s)',
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
    if (file.notAfter <= now) return [ended(node, file, kind)];
    if (days >= (kind === 'authority' ? soon.authority : soon.leaf)) return [];
    return [ending(input, node, file, days, kind)];
  });
}

type Kind = 'authority' | 'kubelet' | 'leaf';
type File = CertificatesFact['files'][number];

function kindOf(path: string): Kind {
  if (/\/(ca|front-proxy-ca)\.crt$/.test(path)) return 'authority';
  return /\/kubelet(\.conf$|\/pki\/)/.test(path) ? 'kubelet' : 'leaf';
}

function ended(node: GuardNode, file: File, kind: Kind): Draft {
  return {
    node: node.name,
    severity: 'refuse',
    summary: `the certificate ${file.path} of ${node.name} ended on ${dayOf(file)}`,
    remedy: {
      authority: 'Replace that authority ("Manual Rotation of CA Certificates") before anything else.',
      kubelet: 'Join the kubelet again: a new bootstrap token, or kubeadm kubeconfig user for its kubelet.conf.',
      leaf: `On ${node.name}: kubeadm certs renew all, then restart its static pods.`,
    }[kind],
  };
}

function ending(input: GuardInput, node: GuardNode, file: File, days: number, kind: Kind): Draft {
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

function dayOf(file: File): string {
  return new Date(file.notAfter * 1000).toISOString().slice(0, 10);
}
