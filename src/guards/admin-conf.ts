import type { AdminConfFact } from '../facts/admin-conf.ts';
import type { Finding, Guard } from './guard.ts';

export const adminConf: Guard = {
  id: 'admin-conf',
  title: "Every control plane's admin.conf reaches the cluster and may do everything",
  source:
    'kubeadm upgrade works with /etc/kubernetes/admin.conf; from 1.29 its rights come from kubeadm:cluster-admins',
  facts: ['adminConf'],
  scope: 'run',
  check: ({ nodes, before, step }) =>
    (step ? [step.node] : nodes)
      .filter((node) => node.role === 'control-plane')
      .flatMap((node): Finding[] => {
        const problem = problemOf(before.nodes[node.name]?.adminConf);
        if (!problem) return [];
        const [what, remedy] = problem;
        const summary = `/etc/kubernetes/admin.conf of ${node.name} ${what}`;
        return [
          { guard: adminConf.id, severity: 'refuse', node: node.name, summary, remedy, source: adminConf.source },
        ];
      }),
};

function problemOf(fact: AdminConfFact | undefined): readonly [string, string] | undefined {
  if (!fact) return undefined;
  if (!fact.present) {
    return [
      'is missing',
      'Create it again there: kubeadm init phase kubeconfig admin (with the configuration of kubeadm-config).',
    ];
  }
  if (fact.admin === false) {
    const detail = fact.error === undefined ? '' : `: ${fact.error}`;
    return [
      `may not do everything in the cluster${detail}`,
      'Bind its group again, with super-admin.conf of the first control plane: kubectl create clusterrolebinding kubeadm:cluster-admins --clusterrole=cluster-admin --group=kubeadm:cluster-admins.',
    ];
  }
  if (fact.admin === undefined && fact.error !== undefined) {
    return [
      `does not reach the cluster: ${fact.error}`,
      'Look at its server: (does that address answer?) and at its client certificate (kubeadm certs check-expiration).',
    ];
  }
  return undefined;
}
