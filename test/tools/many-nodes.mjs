// node test/tools/many-nodes.mjs FACTS.json NODES > many.json: the facts of a cluster of so many nodes, made of the
// facts of a small one of the lab (with worker-1), for measuring `runbook rehearse --facts`. Each worker has the
// DaemonSets' pods of worker-1 and ten pods of Deployments with five replicas, each with a budget of its own.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const [file = 'facts.json', wanted = '300'] = process.argv.slice(2);
const { digest: _digest, ...facts } = JSON.parse(readFileSync(file, 'utf8'));
const { inventory, asked } = facts;
const { nodes, cluster } = facts.facts;
const like = cluster.nodes.find(({ name }) => name === 'worker-1');
const [{ address }] = like.addresses;

function idOf(text) {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

function uuidOf(text) {
  return idOf(text).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-8$4-$5');
}

/** The value as it would be of another machine. */
function another(value, name, ip) {
  const text = JSON.stringify(value)
    .replaceAll(like.machineId, idOf(name))
    .replaceAll(like.systemUuid, uuidOf(`${name} system`))
    .replaceAll(like.bootId, uuidOf(`${name} boot`))
    .replaceAll(address, ip)
    .replaceAll(/\bworker-1\b/g, name);
  return JSON.parse(text);
}

const entry = inventory.nodes.find(({ name }) => name === 'worker-1');
const own = cluster.pods.filter(({ node, controller }) => node === 'worker-1' && controller?.kind === 'DaemonSet');
for (
  let number = inventory.nodes.filter(({ role }) => role === 'worker').length + 1;
  inventory.nodes.length < Number(wanted);
  number += 1
) {
  const name = `worker-${number}`;
  const ip = `10.20.${Math.floor(number / 250)}.${(number % 250) + 1}`;
  inventory.nodes.push({ ...entry, name });
  asked.nodes.push(name);
  nodes[name] = another(nodes['worker-1'], name, ip);
  cluster.nodes.push(another(like, name, ip));
  cluster.leases.push(
    ...cluster.leases.filter(({ node }) => node === 'worker-1').map((lease) => ({ ...lease, node: name })),
  );
  for (const pod of own)
    cluster.pods.push({
      ...pod,
      name: pod.name.replace(/[^-]+$/, idOf(`${pod.name} ${name}`).slice(0, 5)),
      node: name,
    });
}

const workers = inventory.nodes.filter(({ role }) => role === 'worker').map(({ name }) => name);
const [budget] = cluster.pdbs;
const [sample] = cluster.pods.filter(
  ({ controller, namespace }) => controller?.kind === 'ReplicaSet' && namespace === 'demo',
);
const REPLICAS = 5;
for (let app = 0; app < workers.length * 2; app += 1) {
  const name = `app-${app}`;
  const hash = idOf(name).slice(0, 9);
  for (let at = 0; at < REPLICAS; at += 1)
    cluster.pods.push({
      ...sample,
      namespace: `team-${app % 20}`,
      name: `${name}-${hash}-${idOf(`${name} ${at}`).slice(0, 5)}`,
      node: workers[(app * 3 + at * 7) % workers.length],
      labels: { app: name, 'pod-template-hash': hash },
      controller: { kind: 'ReplicaSet', name: `${name}-${hash}` },
      images: [`registry.example.org/${name}:1`],
    });
  cluster.pdbs.push({
    ...budget,
    namespace: `team-${app % 20}`,
    name,
    selector: { matchLabels: { app: name }, matchExpressions: [] },
    maxUnavailable: '1',
    expectedPods: REPLICAS,
    currentHealthy: REPLICAS,
    desiredHealthy: REPLICAS - 1,
    disruptionsAllowed: 1,
  });
}
for (const count of ['desired', 'updated', 'available']) cluster.kubeProxy[count] = inventory.nodes.length;

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.keys(value)
      .toSorted()
      .map((key) => [key, sorted(value[key])]),
  );
}

const digest = createHash('sha256')
  .update(JSON.stringify(sorted(facts)))
  .digest('hex');
console.log(JSON.stringify({ ...facts, digest }));
