import type { Finding, Guard } from './guard.ts';
import { answerFor } from './lib/answer.ts';
import { type Differences, differencesFrom, differencesOf } from './lib/static-pod-differences.ts';
import { findingOf, listed, targetOf } from './lib/subject.ts';
import { upgradeOptions } from './lib/upgrade.ts';

export const staticPodsEdited: Guard = {
  id: 'static-pods-edited',
  title: 'Static pods are as kubeadm-config would write them',
  source:
    '"Upgrading kubeadm clusters": manifests are written again; "Customizing components with the kubeadm API": --patches',
  comparedWith: 37,
  facts: ['manifests', 'kubeadmConfig', 'proxyVariables'],
  scope: 'run',
  asksKubeadm: true,
  check(input) {
    const { before, nodes, step } = input;
    const config = before.cluster?.kubeadmConfig;
    if (!config?.extra) return [];
    const hasPatches = upgradeOptions(step)?.patches !== undefined;
    const answer = answerFor(input);
    // A diff of kubeadm's knows no patches, and only a dry run prints all manifests.
    const told = answer?.manifestsBy === 'dry-run' || !hasPatches ? answer?.manifests : undefined;
    return (step ? [step.node] : nodes).flatMap(({ name }) => {
      const { manifests = {}, proxyVariables } = before.nodes[name] ?? {};
      return Object.entries(manifests).flatMap(([component, manifest]) => {
        // Patches are laid over what kubeadm writes: with them the tables cannot tell what is lost.
        const byTable = hasPatches ? undefined : differencesOf(component, manifest, config, proxyVariables);
        // What a diff leaves out stays as it is; of etcd it knows nothing.
        const same = told && answer?.manifestsBy === 'diff' && component !== 'etcd' ? manifest : undefined;
        const written = told?.[component] ?? same;
        const byTool = written && differencesFrom(component, manifest, written, config);
        const found = byTool ?? byTable;
        if (!found) return [];
        const says = byTool ? `, as kubeadm ${targetOf(step) ?? ''} itself says` : '';
        return [
          ...findingsOf(name, component, found, step !== undefined, says),
          ...(byTool && byTable ? disagreement(name, component, byTool, byTable) : []),
        ];
      });
    });
  },
};

/** What the tables say and the tool does not: it counts, and the table is behind. */
function disagreement(node: string, component: string, byTool: Differences, byTable: Differences): Finding[] {
  const all = ({ unprotected, lost, added }: Differences) =>
    [...unprotected, ...lost, ...added].map((one) => one.replace(/ \(.*$/, ''));
  const wrong = all(byTable).filter((one) => !all(byTool).includes(one));
  if (wrong.length === 0) return [];
  return [
    findingOf(staticPodsEdited, {
      severity: 'note',
      node,
      summary: `the static pod ${component} of ${node}: by the tables of this program kubeadm would change what it does not: ${listed(wrong)}`,
      remedy: 'What kubeadm itself says counts.',
    }),
  ];
}

const ways =
  'Put it into kubeadm-config (extraArgs, extraVolumes, extraEnvs), or into a folder of patches on each control plane (--set patches=/etc/kubernetes/patches; kubeadm keeps no record of earlier ones), or override this guard by name. `kubeadm upgrade diff` shows what would change.';

function findingsOf(node: string, component: string, found: Differences, isStep: boolean, says: string): Finding[] {
  const { unprotected, lost, added } = found;
  const pod = `the static pod ${component} of ${node}`;
  const finding = (severity: Finding['severity'], summary: string, remedy: string): Finding =>
    findingOf(staticPodsEdited, { severity, node, summary, remedy });
  return [
    ...(unprotected.length > 0
      ? [
          finding(
            isStep ? 'refuse' : 'warn',
            `kubeadm upgrade would take from ${pod} what protects the cluster: ${listed(unprotected)}${says}`,
            `kubeadm-config${says === '' ? ' does' : ' and the patches do'} not say it, and kubeadm writes the manifest again. ${ways}`,
          ),
        ]
      : []),
    ...(lost.length > 0
      ? [
          finding(
            'warn',
            `${pod} has what ${says === '' ? 'kubeadm-config does not say' : 'kubeadm would not write again'}: ${listed(lost)}${says}`,
            `kubeadm upgrade writes it again and loses that. ${ways}`,
          ),
        ]
      : []),
    ...(added.length > 0
      ? [
          finding(
            'warn',
            `kubeadm upgrade would give ${pod} what it does not have now: ${listed(added)}${says}`,
            'Variables come from extraEnvs and the shell of this login (proxy variables: /etc/environment, sudoers env_keep), flags from extraArgs of kubeadm-config. Take out there what is not meant for it.',
          ),
        ]
      : []),
  ];
}
