import { isStepOf } from '../actions/bound-step.ts';
import { kubeadmUpgradeApply } from '../actions/kubeadm-upgrade-apply.ts';
import { vendorOf } from '../facts/lib/vendors.ts';
import type { Guard } from './guard.ts';
import { findingOf, listed } from './lib/subject.ts';

export const vendorVersion: Guard = {
  id: 'vendor-version',
  title: 'Nodes run releases of Kubernetes itself, which kubeadm upgrades, not those of a vendor',
  source:
    'The vendors\' own versions, such as v1.31.4-eks-2d5f260, v1.31.4+rke2r1 and v1.31.4+k3s1; "Upgrading kubeadm clusters"',
  facts: ['nodes'],
  scope: 'run',
  check: ({ before, step }) => {
    const objects = before.cluster?.nodes ?? [];
    if (step && !isStepOf(step, kubeadmUpgradeApply)) return [];
    const found = objects.flatMap(({ name, kubeletVersion }) => {
      const vendor = vendorOf(kubeletVersion);
      return vendor === undefined ? [] : [{ vendor, text: `${name} (${kubeletVersion})` }];
    });
    if (found.length === 0) return [];
    const vendors = [...new Set(found.map(({ vendor }) => vendor))];
    return [
      findingOf(vendorVersion, {
        severity: step ? 'refuse' : 'warn',
        summary: `${listed(vendors)} ${vendors.length === 1 ? 'runs' : 'run'} here, which kubeadm does not upgrade: ${listed(found.map(({ text }) => text))}`,
        remedy:
          "Upgrade these nodes by the vendor's own procedure. Drains and maintenance of the system work as on other nodes.",
      }),
    ];
  },
};
