import type { Finding, Guard } from './guard.ts';
import { type Differences, differencesOf } from './lib/static-pod-differences.ts';
import { findingOf, listed } from './lib/subject.ts';
import { upgradeOptions } from './lib/upgrade.ts';

export const staticPodsEdited: Guard = {
  id: 'static-pods-edited',
  title: 'Static pods are as kubeadm-config would write them',
  source:
    '"Upgrading kubeadm clusters": manifests are written again; "Customizing components with the kubeadm API": --patches',
  comparedWith: 37,
  facts: ['manifests', 'kubeadmConfig', 'proxyVariables'],
  scope: 'run',
  check: ({ before, nodes, step }) => {
    const config = before.cluster?.kubeadmConfig;
    // Patches are laid over what kubeadm writes: with them nothing is lost that is in them.
    if (!config?.extra || upgradeOptions(step)?.patches !== undefined) return [];
    return (step ? [step.node] : nodes).flatMap(({ name }) => {
      const { manifests = {}, proxyVariables } = before.nodes[name] ?? {};
      return Object.entries(manifests).flatMap(([component, manifest]) => {
        const found = differencesOf(component, manifest, config, proxyVariables);
        return found ? findingsOf(name, component, found, step !== undefined) : [];
      });
    });
  },
};

const ways =
  'Put it into kubeadm-config (extraArgs, extraVolumes, extraEnvs), or into a folder of patches on each control plane (--set patches=/etc/kubernetes/patches; kubeadm keeps no record of earlier ones), or override this guard by name. `kubeadm upgrade diff` shows what would change.';

function findingsOf(node: string, component: string, found: Differences, isStep: boolean): Finding[] {
  const { unprotected, lost, added } = found;
  const pod = `the static pod ${component} of ${node}`;
  const finding = (severity: Finding['severity'], summary: string, remedy: string): Finding =>
    findingOf(staticPodsEdited, { severity, node, summary, remedy });
  return [
    ...(unprotected.length > 0
      ? [
          finding(
            isStep ? 'refuse' : 'warn',
            `kubeadm upgrade would take from ${pod} what protects the cluster: ${listed(unprotected)}`,
            `kubeadm-config does not say it, and kubeadm writes the manifest again. ${ways}`,
          ),
        ]
      : []),
    ...(lost.length > 0
      ? [
          finding(
            'warn',
            `${pod} has what kubeadm-config does not say: ${listed(lost)}`,
            `kubeadm upgrade writes it again and loses that. ${ways}`,
          ),
        ]
      : []),
    ...(added.length > 0
      ? [
          finding(
            'warn',
            `kubeadm upgrade would give ${pod} what it does not have now: ${listed(added)}`,
            'Variables come from extraEnvs and the shell of this login (proxy variables: /etc/environment, sudoers env_keep), flags from extraArgs of kubeadm-config. Take out there what is not meant for it.',
          ),
        ]
      : []),
  ];
}
