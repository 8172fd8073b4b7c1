import { stepOf } from '../actions/bound-step.ts';
import { dueCertificates, nameOf, renewCertificates } from '../actions/renew-certificates.ts';
import { missingKey } from '../facts/lib/signers.ts';
import type { Guard } from './guard.ts';
import { findingOf, listed } from './lib/subject.ts';

export const certificateAuthority: Guard = {
  id: 'certificate-authority',
  title: 'Certificates are renewed where the key that signs them is',
  source:
    '"Certificate Management with kubeadm", external CA mode: without the key, kubeadm certs renew leaves a certificate as it is and exits with 0 (cmd/certs.go)',
  facts: ['certificates'],
  scope: 'step',
  ofSteps: true,
  check: ({ before, step }) => {
    const renewal = stepOf(step, renewCertificates);
    const fact = step && renewal ? before.nodes[step.node.name]?.certificates : undefined;
    if (!step || !renewal || !fact) return [];
    const stuck = dueCertificates(fact, renewal.with.within).filter(({ path }) => missingKey(fact, path) !== undefined);
    const keys = [...new Set(stuck.flatMap(({ path }) => missingKey(fact, path) ?? []))];
    if (stuck.length === 0) return [];
    const names = listed(stuck.map(({ path }) => nameOf(path)));
    return [
      findingOf(certificateAuthority, {
        node: step.node.name,
        severity: 'refuse',
        summary: `${step.node.name} cannot renew ${names}: ${keys.join(' and ')} ${keys.length === 1 ? 'is' : 'are'} not there (external CA)`,
        remedy:
          'Have them signed by that authority: kubeadm certs generate-csr on the node, put the signed certificates in place, then restart its static pods. `within` leaves out what does not end soon.',
      }),
    ];
  },
};
