import { STATIC_PODS } from '../facts/lib/manifest-files.ts';
import { z } from 'zod';
import type { CertificatesFact } from '../facts/certificates.ts';
import { missingKey, signingKey } from '../facts/lib/signers.ts';
import { withNode } from '../facts/lib/with-node.ts';
import type { Action, ActionContext } from './action.ts';
import { apiServerMissing } from './lib/control-plane.ts';
import { renewalScript } from './lib/renewal-shell.ts';
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
  usually: 60_000,
  onTimeout: 'leave',
  facts: ['machine', 'kubelet', 'nodes', 'apiServers', 'certificates'],
  guards: [
    'membership',
    'same-machine',
    'static-pod-files',
    'api-servers-answer',
    'etcd-health',
    'admin-conf',
    'certificate-authority',
  ],
  settle: 300_000,
  unsupported: ({ node }) =>
    node.role === 'control-plane' ? undefined : `${node.name} is no control plane: it has no certificates of kubeadm's`,
  script(context) {
    const fact = machineOf(context).certificates;
    const commands = [
      'kubeadm certs renew all',
      ...STATIC_PODS.map((name) => `kill PID   # of the static pod ${name}`),
    ];
    return { commands, text: renewalScript(fact ? renewed(fact).map(({ path }) => path) : []) };
  },
  isDone(context) {
    const fact = machineOf(context).certificates;
    if (fact?.now === undefined)
      return { done: false, reason: `the certificates of ${context.node.name} are not known` };
    const due = dueCertificates(fact, context.with.within);
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

/** What kubeadm keeps on a control plane and ends within so many days, whether it can renew it or not. */
export function dueCertificates(fact: CertificatesFact, within: number): CertificatesFact['files'] {
  const end = (fact.now ?? 0) + within * DAY;
  return fact.files.filter(({ path, notAfter }) => isKubeadms(fact, path) && notAfter < end);
}

/** No authority, no file of others, not the kubelet's, which renews itself; etcd's only where kubeadm runs it. */
function isKubeadms({ etcdElsewhere }: CertificatesFact, path: string): boolean {
  const key = signingKey(path);
  return key !== undefined && !(etcdElsewhere === true && key.includes('/etcd/'));
}

function renewed(fact: CertificatesFact): CertificatesFact['files'] {
  return fact.files.filter(({ path }) => isRenewed(fact, path));
}

function isRenewed(fact: CertificatesFact, path: string): boolean {
  return isKubeadms(fact, path) && missingKey(fact, path) === undefined;
}

/** To the year that kubeadm gives, and beyond what any `within` asks for. */
function fresh(fact: CertificatesFact): CertificatesFact {
  const notAfter = (fact.now ?? 0) + 3651 * DAY;
  const { unfinished: _, ...rest } = fact;
  return { ...rest, files: fact.files.map((file) => (isRenewed(fact, file.path) ? { ...file, notAfter } : file)) };
}

export function nameOf(path: string): string {
  return path.replace('/etc/kubernetes/', '');
}

function dayOf(files: CertificatesFact['files']): string {
  const first = Math.min(...files.map((file) => file.notAfter));
  return Number.isFinite(first) ? new Date(first * 1000).toISOString().slice(0, 10) : 'an unknown day';
}
