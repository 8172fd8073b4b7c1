import type { KubeadmConfigFact } from '../facts/kubeadm-config.ts';
import type { ManifestsFact } from '../facts/manifests.ts';
import type { Finding, Guard } from './guard.ts';
import { defaultFlags, defaultVolumes } from './lib/static-pod-defaults.ts';
import { listed } from './lib/subject.ts';
import { upgradeOptions } from './lib/upgrade.ts';

type Manifest = ManifestsFact[string];
type Extra = NonNullable<KubeadmConfigFact['extra']>[string];

/** It knows names, and the values of extraArgs; a changed value of kubeadm's own flags it does not see. */
export const staticPodsEdited: Guard = {
  id: 'static-pods-edited',
  title: 'Static pods are as kubeadm-config would write them',
  source:
    '"Upgrading kubeadm clusters": manifests are written again; "Customizing components with the kubeadm API": --patches',
  facts: ['manifests', 'kubeadmConfig'],
  scope: 'run',
  check: ({ before, nodes, step }) => {
    const extra = before.cluster?.kubeadmConfig?.extra;
    // Patches are laid over what kubeadm writes: with them nothing is lost that is in them.
    if (!extra || upgradeOptions(step)?.patches !== undefined) return [];
    return (step ? [step.node] : nodes).flatMap((node) =>
      Object.entries(before.nodes[node.name]?.manifests ?? {}).flatMap(([component, manifest]): Finding[] => {
        const found = editsOf(component, manifest, extra[component]);
        if (found.length === 0) return [];
        return [
          {
            guard: staticPodsEdited.id,
            severity: 'warn',
            node: node.name,
            summary: `the static pod ${component} of ${node.name} has what kubeadm-config does not say: ${listed(found)}`,
            remedy:
              'kubeadm upgrade writes it again and loses that. Put it into extraArgs or extraVolumes of kubeadm-config, or into a folder of patches (`patches` of the step). `kubeadm upgrade diff` shows it.',
            source: staticPodsEdited.source,
          },
        ];
      }),
    );
  },
};

function editsOf(component: string, manifest: Manifest, extra: Extra = { flags: [], volumes: [] }): string[] {
  const defaults = defaultFlags[component];
  if (!defaults) return [];
  const flags = manifest.flags.filter(({ name, value }) => {
    const wanted = extra.flags.filter((flag) => flag.name === name);
    return wanted.length === 0 ? !defaults.includes(name) : !wanted.some((flag) => flag.value === value);
  });
  const volumes = manifest.volumes.filter(
    (name) => !extra.volumes.includes(name) && !defaultVolumes.some((pattern) => pattern.test(name)),
  );
  return [
    ...flags.map(({ name, value }) => `--${name}=${value}`),
    ...volumes.map((name) => `the volume ${name}`),
    ...manifest.sidecars.map((name) => `the container ${name}`),
  ];
}
