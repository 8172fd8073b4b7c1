type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/**
 * What editors show as examples of a key: by the end of its path in the document, the longest end first. An action's
 * options are below its name. Of true or false, and of fixed words, the schema itself gives them.
 */
const EXAMPLES: Readonly<Record<string, readonly Json[]>> = {
  apiVersion: ['runbook/v1'],
  name: ['upgrade-1.32'],
  description: ['Upgrade a kubeadm cluster from 1.31 to 1.32, one node at a time'],
  inputs: [{ version: { type: 'version', default: '1.32.9', description: 'The release to upgrade to' } }],
  'inputs.default': ['1.32.9', false, '10m'],
  'inputs.description': ['The release to upgrade to'],
  'inputs.enum': [['blue', 'green']],
  vars: [{ rack: 'a' }],
  hops: [{ to: '${{ inputs.version }}' }],
  'hops.to': ['${{ inputs.version }}'],
  window: [{ days: ['sat', 'sun'], from: '22:00', to: '05:00', timezone: 'Europe/Berlin' }],
  'window.days': [['sat', 'sun']],
  'window.from': ['22:00'],
  'window.to': ['05:00'],
  'window.timezone': ['Europe/Berlin'],
  onFailure: [[{ notify: { url: 'https://chat.example.com/hooks/ops' } }]],
  onStop: [[{ run: 'logger "the run $RUNBOOK_RUN was stopped"' }]],
  onSuccess: [[{ run: 'logger "the run $RUNBOOK_RUN is done"' }]],
  'onFailure.name': ['Tell the operators'],
  'onStop.name': ['Tell the operators'],
  'onSuccess.name': ['Tell the operators'],
  notify: [{ url: 'https://chat.example.com/hooks/ops' }],
  url: ['https://monitoring.example.com/api/alerts'],
  headers: [{ Authorization: '${{ inputs.token }}' }],
  'notify.body': ['${{ run.id }}: ${{ run.outcome }}', { text: '${{ run.id }} ended: ${{ run.outcome }}' }],
  phases: [[{ name: 'Workers', nodes: 'workers', serial: 1, steps: [{ uses: 'drain' }, { uses: 'uncordon' }] }]],
  'phases.name': ['Workers', 'First control plane'],
  'phases.nodes': ['workers', 'control-plane[0]', ['edge', '!worker-3']],
  serial: [1, '25%', [1, '25%']],
  maxFailures: [0, '10%'],
  pause: ['5m'],
  gate: [{ run: 'curl -fsS https://shop.example.com/healthz' }],
  'gate.run': ['curl -fsS https://shop.example.com/healthz'],
  http: [{ url: 'https://shop.example.com/healthz' }],
  condition: ['status == 200', 'size(body) == 0'],
  if: ["has(node.labels.ingress) && node.labels.ingress == 'true'", 'hop.last'],
  steps: [[{ uses: 'drain' }, { uses: 'reboot' }, { uses: 'uncordon' }]],
  always: [[{ uses: 'uncordon' }]],
  include: ['steps/balancer.yaml'],
  'steps.inputs': [{ pool: 'web' }],
  'always.inputs': [{ pool: 'web' }],
  'phases.inputs': [{ version: '${{ inputs.version }}' }],
  'steps.name': ['Tell the load balancer'],
  'always.name': ['Tell the load balancer'],
  id: ['balancer'],
  uses: ['drain', 'install-packages'],
  'steps.with': [{ version: '${{ inputs.version }}' }],
  'always.with': [{ version: '${{ inputs.version }}' }],
  run: ['/usr/local/bin/lb out ${{ node.name }}'],
  script: ['scripts/balancer.sh'],
  args: [['out', '${{ node.name }}']],
  forEach: ['inputs.pools', ['web', 'api']],
  check: ['test -e /run/lb-out'],
  env: [{ POOL: 'web' }],
  secrets: [{ TOKEN: '${{ inputs.token }}' }],
  retries: [3],
  timeout: ['10m', '90s'],
  every: ['10s'],
  undoneBy: ['balancer-in'],
  rehearse: [{ exit: 0, outputs: { pool: 'web' } }],
  exit: [0, 1],
  outputs: [{ pool: 'web' }],

  version: ['1.32.9', '${{ inputs.version }}'],
  'prefetch.with.packages': [['kubeadm', 'kubelet', 'kubectl']],
  'install-packages.with.packages': ['kubeadm', ['kubelet', 'kubectl']],
  'install-packages.with.services': ['containerd', ['containerd', 'docker']],
  'verify-runtime.with.version': ['1.7.28'],
  patches: ['/etc/kubernetes/patches'],
  ignorePreflightErrors: ['Swap', ['Swap', 'CoreDNSUnsupportedPlugins']],
  skipPhases: ['addon/kube-proxy'],
  'drain.with.gracePeriod': [60],
  'drain.with.podSelector': ['app!=static-cache'],
  'drain.with.reason': ['The budget of the old shop is wrong, ticket 4711'],
  'service.with.name': ['chrony', 'containerd.service'],
  'renew-certificates.with.within': [30],
  'join-control-plane.with.advertiseAddress': ['10.0.0.14'],
  'approve.with.message': ['All data since the snapshot is lost. Continue?'],
  'wait.with.command': ['curl -fsS http://127.0.0.1:8080/ready'],
  'require.with.command': ['test "$(df --output=pcent /var | tail -1 | tr -dc 0-9)" -lt 80'],
  'copy.with.src': ['files/audit-policy.yaml'],
  'copy.with.dest': ['/etc/kubernetes/audit-policy.yaml'],
  'copy.with.mode': ['0644'],
  'copy.with.owner': ['root:root'],
  'etcd-snapshot.with.dest': ['/backup/etcd'],
  'etcd-snapshot.with.before': ['1.32.9', '${{ inputs.version }}'],
  'backup-resources.with.dest': ['/backup/objects'],
  keep: [7],
  'etcd-prepare.with.snapshot': ['/backup/etcd/snapshot.db'],
  sha256: ['9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],

  site: ['eu'],
  labels: [{ env: 'canary' }],
  clusters: [[{ name: 'eu1', inventory: 'clusters/eu1/inventory.yaml', site: 'eu', labels: { env: 'canary' } }]],
  'clusters.name': ['eu1'],
  'clusters.inventory': ['clusters/eu1/inventory.yaml'],
  strategy: [{ stages: [{ name: 'canary', clusters: "labels.env == 'canary'", soak: '24h', approve: true }] }],
  stages: [
    [
      { name: 'canary', clusters: "labels.env == 'canary'", soak: '24h' },
      { name: 'rest', clusters: 'true' },
    ],
  ],
  'stages.name': ['canary'],
  'stages.clusters': ["labels.env == 'canary'", 'true'],
  maxConcurrent: [1, '25%'],

  cluster: ['prod-eu1'],
  ssh: [{ user: 'ops', identityFile: '~/.ssh/id_ed25519', jump: ['bastion.example.com'] }],
  'ssh.user': ['ops'],
  'ssh.port': [22],
  identityFile: ['~/.ssh/id_ed25519'],
  agent: [true, 'only'],
  passwordFrom: ['prompt', 'env:SSH_PASSWORD', 'file:~/.secrets/ssh', 'command:pass show ssh'],
  passphraseFrom: ['prompt', 'command:pass show ssh-key'],
  knownHosts: ['~/.ssh/known_hosts'],
  'ssh.config': [false, '~/.ssh/config.prod'],
  jump: [['bastion.example.com'], 'none'],
  'jump.host': ['bastion.example.com'],
  'jump.user': ['ops'],
  'jump.port': [22],
  proxyCommand: ['cloudflared access ssh --hostname %h'],
  become: [{ method: 'sudo', passwordFrom: 'prompt' }],
  'become.user': ['root'],
  nodes: [[{ name: 'cp-1', host: '10.0.0.11', role: 'control-plane' }]],
  'nodes.name': ['cp-1', 'worker-1'],
  'nodes.host': ['10.0.0.11', 'cp-1.example.com'],
  'nodes.port': [22],
  groups: [{ edge: ['worker-1'], 'rack-b': { nodes: ['worker-[11:20]'], vars: { rack: 'b' } } }],
  'groups.nodes': [['worker-[11:20]', 'edge']],
  packages: [{ baseUrl: 'https://packages.example.com/kubernetes' }],
  baseUrl: ['https://packages.example.com/kubernetes'],
  kubectl: [{ on: 'local', kubeconfig: '~/.kube/prod-eu1' }],
  kubeconfig: ['/etc/kubernetes/admin.conf'],
  remoteDir: ['/var/lib/runbook'],
};

export type Schema = Record<string, unknown>;

/** Adds examples to every key of a JSON Schema, in place of none. It is changed, and returned. */
export function addExamples<S extends object>(schema: S): S {
  visit(record(schema), []);
  return schema;
}

function visit(schema: Schema, path: readonly string[]): void {
  for (const form of formsOf(schema)) visit(form, path);
  const conditions = Array.isArray(schema['allOf']) ? schema['allOf'].map(record) : [];
  for (const { if: when, then } of conditions) {
    const action = record(record(record(when)['properties'])['uses'])['const'];
    visit(record(then), [...path, String(action)]);
  }
  for (const [key, value] of Object.entries(record(schema['properties']))) {
    const own = record(value);
    visit(own, [...path, key]);
    const examples = own['examples'] ?? exampleOf([...path, key], own);
    if (examples !== undefined) own['examples'] = examples;
  }
}

/** What the entries of a list or map, and the alternatives of a value, are. */
function formsOf(schema: Schema): Schema[] {
  const either = ['anyOf', 'oneOf'].flatMap((key) => (Array.isArray(schema[key]) ? schema[key] : []));
  const inner = [...either, schema['items'], schema['additionalProperties']];
  return inner.filter((form) => typeof form === 'object' && form !== null).map(record);
}

function exampleOf(path: readonly string[], schema: Schema): readonly unknown[] | undefined {
  // The schema of the key says more than a name that it shares with others.
  return given(path, 2) ?? fixed(schema) ?? nested(schema) ?? given(path, 1) ?? options(schema);
}

/** Of the table, by an end of the path that is so long at least. */
function given(path: readonly string[], least: number): readonly Json[] | undefined {
  for (let length = Math.min(3, path.length); length >= least; length--) {
    const found = EXAMPLES[path.slice(-length).join('.')];
    if (found) return found;
  }
  return undefined;
}

function fixed(schema: Schema): readonly unknown[] | undefined {
  if (schema['const'] !== undefined) return [schema['const']];
  if (Array.isArray(schema['enum'])) return schema['enum'].slice(0, 3);
  const either = formsOf(schema);
  const words = either.find((form) => Array.isArray(form['enum']) || form['const'] !== undefined);
  if (words && either.every((form) => form === words || form['pattern'] !== undefined)) return fixed(words);
  const isBoolean = (form: Schema): boolean => form['type'] === 'boolean';
  if (isBoolean(schema)) return [true];
  return either.some(isBoolean) && either.every((form) => isBoolean(form) || form['pattern'] === '\\$\\{\\{')
    ? [true]
    : undefined;
}

/** Of an alternative that has examples of its own, such as a duration. */
function nested(schema: Schema): readonly unknown[] | undefined {
  const found = formsOf(schema).find((form) => Array.isArray(form['examples']))?.['examples'];
  return Array.isArray(found) ? found : undefined;
}

/** Of a map of options: what it needs, else its first one. */
function options(schema: Schema): readonly unknown[] | undefined {
  const properties = Object.entries(record(schema['properties']));
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  const needed = properties.filter(([key]) => required.includes(key));
  const shown = needed.length > 0 ? needed : properties.slice(0, 1);
  if (schema['type'] !== 'object') return undefined;
  return [
    Object.fromEntries(
      shown.flatMap(([key, value]) => {
        const examples = record(value)['examples'];
        return Array.isArray(examples) ? [[key, examples[0]]] : [];
      }),
    ),
  ];
}

function record(value: unknown): Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Schema) : {};
}
