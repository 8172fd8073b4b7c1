import type { GuardNode } from '../guard.ts';
import type { LabelSelector } from '../../facts/pdbs.ts';
import { matches } from '../../facts/lib/selector.ts';
import type { WebhookFact } from '../../facts/webhooks.ts';

/** Resources that something creates or changes, by API group. */
export interface Asked {
  readonly group: string;
  readonly resources: readonly string[];
  readonly operations: readonly string[];
  /** Of the nodes where it does. */
  readonly roles: readonly GuardNode['role'][];
}

const control: Asked['roles'] = ['control-plane'];
const every: Asked['roles'] = ['control-plane', 'worker'];
const writes = ['CREATE', 'UPDATE'];
const any = [...writes, 'DELETE', 'CONNECT'];

/** What a drain does, and the scheduler and the kubelets after it. */
export const OF_DRAINS: Asked = {
  group: '',
  resources: ['pods', 'pods/eviction', 'nodes', 'nodes/status'],
  operations: any,
  roles: every,
};

/**
 * What `kubeadm upgrade` writes (cmd/kubeadm/app: phases/upgrade/health.go and postupgrade.go, phases/uploadconfig,
 * phases/addons, phases/patchnode). The node's annotation is all that it writes on a worker.
 */
export const OF_KUBEADM: readonly Asked[] = [
  { group: '', resources: ['nodes'], operations: writes, roles: every },
  { group: '', resources: ['configmaps', 'services', 'serviceaccounts', 'pods'], operations: writes, roles: control },
  { group: 'apps', resources: ['daemonsets', 'deployments'], operations: writes, roles: control },
  { group: 'batch', resources: ['jobs'], operations: any, roles: control },
  {
    group: 'rbac.authorization.k8s.io',
    resources: ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'],
    operations: writes,
    roles: control,
  },
];

/** They are in no namespace: a namespaceSelector does not exempt them. */
const UNNAMESPACED = ['nodes', 'nodes/status', 'clusterroles', 'clusterrolebindings'];

/** Which of these resources the webhook is asked about. */
export function askedOf({ rules }: WebhookFact, asked: readonly Asked[]): readonly string[] {
  const found = asked.flatMap(({ group, resources, operations }) =>
    resources.filter((resource) =>
      rules.some(
        (rule) =>
          rule.groups.some((one) => one === group || one === '*') &&
          rule.operations.some((one) => one === '*' || operations.includes(one)) &&
          rule.resources.some((pattern) => covers(pattern, resource)),
      ),
    ),
  );
  return [...new Set(found)];
}

/** As the API server matches rules (admission/plugin/webhook/predicates/rules): name and subresource separately. */
function covers(pattern: string, resource: string): boolean {
  const [name, sub = ''] = resource.split('/');
  const [wanted, wantedSub = ''] = pattern.split('/');
  return (wanted === '*' || wanted === name) && (wantedSub === sub || wantedSub === '*');
}

const NAME = 'kubernetes.io/metadata.name';

/** Whether its selectors leave out what kubeadm writes, all of it in kube-system; other labels are not known here. */
export function exempts(hook: WebhookFact, resources: readonly string[]): 'yes' | 'no' | 'perhaps' {
  if (hook.narrowed === true) return 'perhaps';
  if (resources.some((resource) => UNNAMESPACED.includes(resource))) return 'no';
  return hook.namespaces === undefined ? 'no' : leavesOut(hook.namespaces);
}

function leavesOut({ matchLabels, matchExpressions }: LabelSelector): 'yes' | 'no' | 'perhaps' {
  const terms = [
    ...Object.entries(matchLabels).map(([key, value]) => ({ key, operator: 'In', values: [value] })),
    ...matchExpressions,
  ];
  const known = terms.filter(({ key }) => key === NAME);
  if (known.some((term) => matches(term, 'kube-system') !== true)) return 'yes';
  return known.length === terms.length ? 'no' : 'perhaps';
}
