import { z } from 'zod';
import type { EtcdFact, EtcdMember } from '../facts/etcd.ts';
import type { ClusterFacts, Facts } from '../facts/facts.ts';
import { JOIN_MARK } from '../facts/kubelet.ts';
import { withNode } from '../facts/lib/with-node.ts';
import { hostPort } from '../facts/static-pods.ts';
import { quote } from '../transport/quote.ts';
import type { Action, ActionContext, Verdict } from './action.ts';
import { apiServerMissing } from './lib/control-plane.ts';
import { DISCOVERY, discoveryFile, futureName, futureObject } from './lib/join-shell.ts';
import { leaveShell, otherControlPlane } from './lib/leave-shell.ts';
import { membersOn } from './lib/own-member.ts';
import { machineOf, objectOf } from './lib/subject.ts';
import { verdictOf } from './lib/verdict.ts';

/** Of the file with the key of the cluster's certificates: kubeadm takes it from a file or an argument only. */
const KEY = 'certificate-key';
const ROLE = 'node-role.kubernetes.io/control-plane';

const schema = z.strictObject({
  advertiseAddress: z
    .union([z.ipv4(), z.ipv6()])
    .optional()
    .describe(
      'Where its API server and its etcd are reached, on a machine with several networks; else kubeadm chooses',
    ),
  patches: z
    .string()
    .startsWith('/')
    .optional()
    .describe('A folder on the node with patches of static pods, as for `kubeadm upgrade`; needs kubeadm 1.22'),
});
type With = z.infer<typeof schema>;

/**
 * `kubeadm join` by a configuration file in memory: token and certificate key are in no argument. The Secret of the
 * certificates is uploaded again for each attempt, and deletes itself after two hours.
 * Source: "Creating highly available clusters with kubeadm"; kubeadm's phases of join.
 */
export const joinControlPlane: Action<With> = {
  name: 'join-control-plane',
  summary: 'Join a machine to the cluster as a control plane, with a member of a stacked etcd (kubeadm join)',
  schema,
  place: 'node',
  effect: 'once',
  timeout: 900_000,
  usually: 120_000,
  onTimeout: 'leave',
  facts: ['machine', 'binaries', 'kubelet', 'staticPods', 'nodes', 'etcd'],
  outcomeFacts: ['kubelet', 'staticPods', 'nodes', 'etcd', 'apiServers'],
  guards: ['membership', 'same-machine', 'joinable', 'skew-kubelet', 'api-servers-answer', 'etcd-health'],
  settle: 300_000,
  membership: 'joins',
  unsupported: ({ node }) =>
    node.role === 'control-plane' ? undefined : `${node.name} is no control plane: join-node joins a worker`,
  makes: (context) => [
    discoveryFile(context),
    { name: KEY, what: "the key of the cluster's certificates", script: UPLOAD },
    otherControlPlane(context.node),
  ],
  script: (context) => ({
    commands: [
      'kubeadm token create --ttl 30m (on another control plane)',
      'kubeadm init phase upload-certs --upload-certs (on another control plane)',
      'kubeadm join --config FILE (in memory)',
    ],
    text: joinScript(context),
  }),
  isDone: (context) => joined(context),
  verify(context) {
    const verdict = joined(context);
    if (!verdict.done) return verdict;
    const { etcd } = context.facts.cluster ?? {};
    const silent = etcd?.error === undefined ? [] : [`the members of etcd are not known: ${etcd.error}`];
    const weak = etcd?.external ? [] : (etcd ? membersOn(context, etcd) : []).flatMap(weakness);
    return verdictOf([...silent, ...weak, ...apiServerMissing(context)], verdict.reason);
  },
  project(context): Facts {
    const { cluster, nodes } = context.facts;
    const name = objectOf(context)?.name ?? futureName(context);
    const others = Object.entries(nodes).filter(([other]) => other !== context.node.name);
    const server =
      machineOf(context).kubelet?.server ?? others.flatMap(([, node]) => node.kubelet?.server ?? [])[0] ?? '';
    const pods = others.map(([, node]) => node.staticPods).find((one) => one?.components['kube-apiserver']);
    const facts = withNode(context.facts, context.node.name, ({ kubelet, ...node }) => {
      const { joining: _, ...before } = kubelet ?? { active: true, healthy: true };
      return {
        ...node,
        kubelet: { ...before, server, active: true, healthy: true, nodeName: name },
        ...(pods && { staticPods: { components: pods.components } }),
      };
    });
    return cluster ? { ...facts, cluster: withControlPlane(context, cluster, name) } : facts;
  },
};

/** kubeadm labels the Node object at its end, so that the label shows that all before it is there. */
function joined(context: ActionContext<With>): Verdict {
  const { name } = context.node;
  const object = objectOf(context);
  if (!object) return { done: false, reason: `${name} is no node of this cluster yet` };
  const { kubelet, staticPods } = machineOf(context);
  const { etcd } = context.facts.cluster ?? {};
  const hasMember = etcd?.external !== false || etcd.error !== undefined || membersOn(context, etcd).length > 0;
  const missing = [
    ...(kubelet?.server === undefined ? [`${name} has the Node object ${object.name}, but no kubelet.conf`] : []),
    ...(object.controlPlane ? [] : [`the Node object ${object.name} has not the role of a control plane`]),
    ...(staticPods?.components['kube-apiserver'] ? [] : [`${name} has no static pod kube-apiserver`]),
    ...(hasMember ? [] : [`etcd has no member on ${name}`]),
  ];
  return verdictOf(missing, `${name} is a control plane of this cluster, ${object.name}`);
}

function weakness({ id, name, learner, healthy, problem }: EtcdMember): string[] {
  if (name === '') return [`its member of etcd (${id}) has not started`];
  if (learner) return [`its member of etcd is a learner: it has no vote yet`];
  return healthy === true ? [] : [`its member of etcd is not healthy${problem === undefined ? '' : `: ${problem}`}`];
}

function withControlPlane(context: ActionContext<With>, cluster: ClusterFacts, name: string): ClusterFacts {
  const { nodes, apiServers, apiServerEndpoints, etcd, kubeadmConfig } = cluster;
  const object = { ...(objectOf(context) ?? futureObject(context)), controlPlane: true };
  const labelled = {
    ...object,
    labels: { ...object.labels, [ROLE]: '' },
    taints: [{ key: ROLE, effect: 'NoSchedule' }],
  };
  const version = kubeadmConfig?.kubernetesVersion ?? apiServers?.find((one) => one.version !== undefined)?.version;
  const endpoint = hostPort(addressOf(context), portOf(cluster));
  return {
    ...cluster,
    ...(nodes && { nodes: [...nodes.filter((one) => one.name !== name), labelled] }),
    ...(apiServers &&
      version !== undefined && {
        apiServers: [...apiServers.filter(({ node }) => node !== name), { node: name, endpoint, version, ready: true }],
      }),
    ...(apiServerEndpoints && {
      apiServerEndpoints: [...apiServerEndpoints.filter(({ node }) => node !== name), { node: name, endpoint }],
    }),
    ...(etcd && { etcd: withMember(context, etcd, name) }),
  };
}

function withMember(context: ActionContext<With>, etcd: EtcdFact, name: string): EtcdFact {
  if (etcd.external || etcd.error !== undefined) return etcd;
  const own = membersOn(context, etcd);
  const others = etcd.members.filter((member) => !own.includes(member));
  const [like] = others;
  const url = (port: string) => [`https://${hostPort(addressOf(context), port)}`];
  const member: EtcdMember = {
    ...like,
    id: own[0]?.id ?? 'new',
    name,
    peerUrls: url('2380'),
    clientUrls: url('2379'),
    learner: false,
    healthy: true,
    leader: false,
    alarms: [],
  };
  return { ...etcd, members: [...others, member] };
}

function addressOf(context: ActionContext<With>): string {
  return context.with.advertiseAddress ?? machineOf(context).machine?.addresses[0] ?? context.node.host;
}

/** Where the other API servers listen: no ConfigMap has it. */
function portOf({ apiServers, apiServerEndpoints }: ClusterFacts): string {
  const [first] = apiServers ?? apiServerEndpoints ?? [];
  return /:(\d+)$/.exec(first?.endpoint ?? '')?.[1] ?? '6443';
}

/** With the cluster's own configuration kubeadm asks no one for a release, and knows an external etcd. */
const UPLOAD = `set -u
export LC_ALL=C
umask 077
file=$(mktemp) || exit
trap 'rm -f "$file"' EXIT
kubectl --kubeconfig /etc/kubernetes/admin.conf -n kube-system get configmap kubeadm-config -o 'jsonpath={.data.ClusterConfiguration}' > "$file" || exit
said=$(kubeadm init phase upload-certs --upload-certs --config "$file") || exit
printf '%s\\n' "$said" | grep -E '^[0-9a-f]{64}$' || { echo 'kubeadm printed no certificate key' >&2; exit 1; }
`;

function joinScript(context: ActionContext<With>): string {
  const { advertiseAddress, patches } = context.with;
  const port = portOf(context.facts.cluster ?? {});
  const endpoint = [
    ...(advertiseAddress === undefined ? [] : [`    advertiseAddress: "${advertiseAddress}"`]),
    ...(port === '6443' ? [] : [`    bindPort: ${port}`]),
  ];
  const local = endpoint.length === 0 ? [] : ['  localAPIEndpoint:', ...endpoint];
  return `set -u
export LC_ALL=C
${leaveShell(context, futureName(context))}mark=${JOIN_MARK}
# the Node object of this name may be another machine's
is_own_object() {
  seen=$(api get node "$name" --ignore-not-found -o 'jsonpath={.status.nodeInfo.machineID}') || return
  own=$(cat /etc/machine-id 2>/dev/null || cat /var/lib/dbus/machine-id)
  [ -n "$seen" ] && [ "$(printf '%s' "$seen" | tr -d - | tr A-F a-f)" = "$(printf '%s' "$own" | tr -d - | tr A-F a-f)" ]
}
if [ -e "$mark" ]; then
  if is_own_object && api get node "$name" --show-labels --no-headers | grep -q '${ROLE}='; then
    echo 'an earlier join has come to its end here'
    rm -f "$mark" /etc/kubernetes/bootstrap-kubelet.conf
    exit 0
  fi
  echo 'an earlier join was interrupted here: what it left is removed first'
  leave || exit
  if is_own_object; then forget_object || exit; fi
fi
for file in /etc/kubernetes/manifests/kube-apiserver.yaml /etc/kubernetes/kubelet.conf; do
  if [ -e "$file" ]; then
    echo "$file is there: this machine is part of a cluster already" >&2
    exit 1
  fi
done
minor=$(kubeadm version -o short | sed 's/^v1\\.\\([0-9]*\\).*/\\1/') || exit
patches=${quote(patches ?? '')}
if [ "$minor" -ge 31 ]; then api=v1beta4; elif [ "$minor" -ge 22 ]; then api=v1beta3; else api=v1beta2; fi
if [ -n "$patches" ] && [ "$minor" -lt 22 ]; then
  echo 'a configuration of kubeadm before 1.22 has no patches' >&2
  exit 1
fi
umask 077
{
  cat <<END
apiVersion: kubeadm.k8s.io/$api
kind: JoinConfiguration
discovery:
  file:
    kubeConfigPath: $RUNBOOK_SECRETS/${DISCOVERY}
END
  [ -z "$patches" ] || printf 'patches:\\n  directory: "%s"\\n' "$patches"
  cat <<'END'
${['controlPlane:', ...local].join('\n')}
END
  printf '  certificateKey: '
  cat "$RUNBOOK_SECRETS/${KEY}"
} > "$RUNBOOK_SECRETS/join.yaml" || exit
umask 022
mkdir -p "\${mark%/*}" && : > "$mark" || exit
kubeadm join --config "$RUNBOOK_SECRETS/join.yaml" || exit
# it holds the token, where kubeadm did not come to take it away
rm -f "$mark" /etc/kubernetes/bootstrap-kubelet.conf
`;
}
