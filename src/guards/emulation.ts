import { machinesWith } from '../facts/lib/machines-with.ts';
import type { Finding, Guard } from './guard.ts';

const flags = ['emulated-version', 'min-compatibility-version'];

export const emulation: Guard = {
  id: 'emulation',
  title: 'No component emulates an older release',
  source: '"Compatibility Version for Kubernetes Control Plane Components": --emulated-version redefines the skew',
  facts: ['manifests', 'kubeadmConfig'],
  scope: 'run',
  check: ({ before }) => {
    const places = [
      ...machinesWith(before.nodes, 'manifests').flatMap(([node, manifests]) =>
        Object.entries(manifests).map(([component, { flags: given }]) => ({
          node,
          place: `${component} of ${node}`,
          given,
        })),
      ),
      ...Object.entries(before.cluster?.kubeadmConfig?.extra ?? {}).map(([component, { flags: given }]) => ({
        place: `kubeadm-config (extraArgs of ${component})`,
        given,
      })),
    ];
    return places.flatMap(({ given, place, ...at }) =>
      given
        .filter(({ name }) => flags.includes(name))
        .map(({ name, value }): Finding => ({
          guard: emulation.id,
          severity: 'warn',
          ...at,
          summary: `${place} has --${name}=${value}: the version that it says is not the one that counts`,
          remedy: 'Take the flag out before the upgrade (kubeadm-config as well), or judge the version skew yourself.',
          source: emulation.source,
        })),
    );
  },
};
