import { z } from 'zod';
import { RENEWAL_MARK } from '../facts/certificates.ts';
import type { CertificatesFact } from '../facts/certificates.ts';
import { withNode } from '../facts/lib/with-node.ts';
import type { Action, ActionContext } from './action.ts';
import { apiServerMissing } from './lib/control-plane.ts';
import { machineOf } from './lib/subject.ts';
import { some, verdictOf } from './lib/verdict.ts';

const DAY = 86_400;

const schema = z.strictObject({
  within: z
    .number()
    .int()
    .positive()
    .default(3650)
    .describe('Renew where a certificate ends within so many days; unless given, always'),
});
type With = z.infer<typeof schema>;

/** What `kubeadm certs renew all` renews: no authority, no file of others, not the kubelet's, which renews itself. */
const RENEWED =
  /^\/etc\/kubernetes\/(((super-)?admin|controller-manager|scheduler)\.conf|pki\/(apiserver|apiserver-kubelet-client|front-proxy-client)\.crt)$/;
/** Those of etcd are kubeadm's only where it runs etcd. */
const OF_ETCD = /^\/etc\/kubernetes\/pki\/(apiserver-etcd-client|etcd\/(server|peer|healthcheck-client))\.crt$/;

/**
 * A control plane's components read most of their certificates when they start: each is ended once, and the kubelet
 * restarts it ("Certificate Management with kubeadm", manual renewal: "you must restart the control plane Pods").
 */
export const renewCertificates: Action<With> = {
  name: 'renew-certificates',
  summary: "Renew a control plane's certificates and restart what uses them (kubeadm certs renew all)",
  schema,
  place: 'node',
  effect: 'repeatable',
  timeout: 900_000,
  onTimeout: 'leave',
  facts: ['machine', 'kubelet', 'nodes', 'apiServers', 'certificates'],
  guards: ['membership', 'same-machine', 'static-pod-files', 'api-servers-answer', 'etcd-health', 'admin-conf'],
  settle: 300_000,
  unsupported: ({ node }) =>
    node.role === 'control-plane' ? undefined : `${node.name} is no control plane: it has no certificates of kubeadm's`,
  script() {
    const commands = ['kubeadm certs renew all', ...COMPONENTS.map((name) => `kill $(pidof ${name})`)];
    return { commands, text: SCRIPT };
  },
  isDone(context) {
    const fact = machineOf(context).certificates;
    if (fact?.now === undefined)
      return { done: false, reason: `the certificates of ${context.node.name} are not known` };
    const end = fact.now + context.with.within * DAY;
    const due = renewed(fact).filter((file) => file.notAfter < end);
    return verdictOf(
      [
        ...(due.length === 0
          ? []
          : [`they end within ${context.with.within} days: ${some(due.map((file) => nameOf(file.path)))}`]),
        ...(fact.unfinished ? ['they were renewed, but not everything that uses them was restarted'] : []),
      ],
      `no certificate ends within ${context.with.within} days`,
    );
  },
  verify(context, before) {
    const now = machineOf(context).certificates;
    const then = before.nodes[context.node.name]?.certificates;
    if (!now) return { done: false, reason: 'the certificates could not be read' };
    const old = renewed(now).filter((file) => {
      const was = then?.files.find((one) => one.path === file.path)?.notAfter;
      return was !== undefined && file.notAfter <= was;
    });
    const missing = [
      ...old.map((file) => `${nameOf(file.path)} does not end later than before`),
      ...apiServerMissing(context),
    ];
    return verdictOf(missing, `the first certificate ends on ${dayOf(renewed(now))}, and the API server answers`);
  },
  project: (context: ActionContext<With>) =>
    withNode(context.facts, context.node.name, (node) => ({
      ...node,
      certificates: fresh({ now: 0, files: [], ...node.certificates }),
    })),
};

const COMPONENTS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];

/** The mark shows that the renewed certificates are not in use yet; a reboot brings them into use and removes it. */
const SCRIPT = `set -u
command -v pidof >/dev/null || { echo 'no pidof: what uses the certificates could not be restarted, so none was renewed' >&2; exit 1; }
: > ${RENEWAL_MARK} || exit
kubeadm certs renew all || exit
# ends a static pod's component, and waits until the kubelet has started it anew; one that others run here is left alone
renew() {
  [ -f "/etc/kubernetes/manifests/$1.yaml" ] || return 0
  old=$(pidof "$1") || return 0
  kill $old || return
  n=0
  while new=$(pidof "$1"); [ -z "$new" ] || [ "$new" = "$old" ]; do
    n=$((n + 1))
    if [ "$n" -gt 180 ]; then echo "$1 was ended for its new certificates and did not come back within 3 minutes" >&2; return 1; fi
    sleep 1
  done
  echo "$1 runs with its new certificates"
}
for name in ${COMPONENTS.join(' ')}; do renew "$name" || exit; done
rm -f ${RENEWAL_MARK}
echo 'copies of admin.conf (~/.kube/config, other machines) hold the old certificate: replace them'
`;

function renewed(fact: CertificatesFact): CertificatesFact['files'] {
  return fact.files.filter(({ path }) => isRenewed(fact, path));
}

function isRenewed({ etcdElsewhere }: CertificatesFact, path: string): boolean {
  return RENEWED.test(path) || (etcdElsewhere !== true && OF_ETCD.test(path));
}

/** To the year that kubeadm gives, and beyond what any `within` asks for. */
function fresh(fact: CertificatesFact): CertificatesFact {
  const notAfter = (fact.now ?? 0) + 3651 * DAY;
  const { unfinished: _, ...rest } = fact;
  return { ...rest, files: fact.files.map((file) => (isRenewed(fact, file.path) ? { ...file, notAfter } : file)) };
}

function nameOf(path: string): string {
  return path.replace('/etc/kubernetes/', '');
}

function dayOf(files: CertificatesFact['files']): string {
  const first = Math.min(...files.map((file) => file.notAfter));
  return Number.isFinite(first) ? new Date(first * 1000).toISOString().slice(0, 10) : 'an unknown day';
}
