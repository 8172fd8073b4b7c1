import { z } from 'zod';
import { LabFailure } from '../failure.ts';

/**
 * What a twin reads of a facts document (`runbook facts`). Everything may be missing: what was not read is as in any
 * lab. Fields that no part of the twin needs are not named here.
 */

const text = z.string();
const number = z.number();
const texts = z.array(text);
const textMap = z.record(text, text);
const amounts = z.record(text, number);
const gates = z.record(text, z.boolean());
const flags = z.array(z.object({ name: text, value: text }));

const manifest = z.object({
  flags,
  volumes: texts,
  sidecars: texts.default([]),
  image: text.optional(),
  env: z.array(z.object({ name: text, value: text.optional() })).optional(),
  fields: textMap.optional(),
});
const source = z.object({
  file: text,
  line: number,
  format: z.enum(['list', 'deb822', 'repo']),
  enabled: z.boolean(),
  url: text,
  signedBy: text.optional(),
  inlineKey: z.boolean().optional(),
  section: z.object({ id: text, first: number, last: number }).optional(),
});
const kubeletConfiguration = z.object({
  failCgroupV1: z.boolean().optional(),
  failSwapOn: z.boolean().optional(),
  featureGates: gates,
  settings: z.record(text, text.refine(isJson, { error: 'is not a value as JSON writes it' })).optional(),
});
const installed = z.object({ revision: text, status: text });
const unit = z.object({
  load: text,
  active: text,
  sub: text,
  file: text,
  startedAt: number.optional(),
  reloads: z.boolean(),
  ends: z.boolean(),
});

const nodeFacts = z
  .object({
    os: z.object({ id: text, idLike: texts, versionId: text, prettyName: text, packageManager: text }),
    machine: z.object({
      hostname: text,
      machineId: text,
      systemUuid: text.optional(),
      bootId: text,
      initStart: text.optional(),
      addresses: texts,
    }),
    packages: z.object({ installed: z.record(text, installed), held: texts, manager: text.optional() }),
    software: z.record(
      text,
      z.object({
        installed: installed.extend({ at: number.optional() }).optional(),
        offered: texts.optional(),
        candidate: text.optional(),
      }),
    ),
    repository: z.object({ sources: z.array(source), legacy: z.array(source).optional() }),
    offered: z.record(text, z.object({ url: text, revisions: z.record(text, texts), error: text.optional() })),
    binaries: z.object({ kubeadm: text.optional(), kubelet: text.optional(), kubectl: text.optional() }),
    staticPods: z.object({
      components: z.record(text, z.object({ image: text, tag: text })),
      apiServerEndpoint: text.optional(),
      several: z.record(text, texts).optional(),
      interrupted: textMap.optional(),
      strangers: z.array(z.object({ file: text, pod: text.optional(), error: text.optional() })).optional(),
    }),
    manifests: z.record(text, manifest),
    configFiles: z.array(
      z.object({
        component: text,
        flag: text,
        file: text,
        missing: z.boolean().optional(),
        kinds: texts,
        kms: texts.optional(),
      }),
    ),
    proxyVariables: z.array(z.object({ name: text, value: text })),
    kubelet: z.object({
      server: text.optional(),
      nodeName: text.optional(),
      active: z.boolean(),
      startedAt: number.optional(),
      binaryChangedAt: number.optional(),
      healthy: z.boolean(),
      joining: z.boolean().optional(),
    }),
    reboot: z.object({ required: z.boolean().optional(), reason: text }),
    osUpdates: z.object({ pending: texts, error: text.optional() }),
    prefetched: z.object({ archives: z.record(text, texts), needs: z.record(text, texts), images: texts }),
    certificates: z.object({
      files: z.array(z.object({ path: text, notAfter: number })),
      keys: texts.optional(),
      unfinished: z.boolean().optional(),
      etcdElsewhere: z.boolean().optional(),
    }),
    adminConf: z.object({ present: z.boolean(), admin: z.boolean().optional(), error: text.optional() }),
    deprecatedApis: z.array(z.object({ group: text, version: text, resource: text, removedRelease: text })),
    disk: z.object({
      places: z.array(
        z.object({
          path: text,
          mount: text,
          size: number,
          free: number,
          inodes: number.optional(),
          freeInodes: number.optional(),
        }),
      ),
      etcdBytes: number.optional(),
    }),
    packageState: z.object({
      broken: texts,
      lock: z.object({ pid: number, command: text, file: text }).optional(),
    }),
    repositoryKeys: z.object({
      keyrings: z.array(z.object({ file: text, keys: z.array(z.object({ id: text, expires: number.optional() })) })),
    }),
    kubeletSetup: z.object({
      flags: z.array(z.object({ file: text, name: text, value: text.optional() })),
      shadowing: texts,
      ownUnits: texts,
      config: kubeletConfiguration.optional(),
      dropIns: z.array(z.object({ file: text, config: kubeletConfiguration })).optional(),
    }),
    kernel: z.object({
      cgroup: z.enum(['v1', 'v2']).optional(),
      swaps: z.array(z.object({ name: text, bytes: number })),
      sockets: texts,
    }),
    clock: z.object({ least: number.optional(), most: number.optional() }),
    etcdHost: z.object({
      kind: z.enum(['pod', 'unit']).optional(),
      running: z.boolean(),
      apiServer: z.boolean(),
      name: text.optional(),
      dataDir: text.optional(),
      hasData: z.boolean(),
      peerUrl: text.optional(),
      ca: text.optional(),
      clusterId: text.optional(),
      aside: texts.optional(),
      marks: z.record(text, texts),
    }),
    runtime: z.object({
      name: text.optional(),
      version: text.optional(),
      unasked: z.boolean().optional(),
      error: text.optional(),
    }),
    units: z.record(text, unit),
    targetKubeadm: z.record(text, z.object({ manifests: z.record(text, manifest).optional() })),
  })
  .partial();

const expressions = z.array(z.object({ key: text, operator: text, values: texts }));
const selector = z.object({
  matchesNothing: z.boolean().optional(),
  matchLabels: textMap,
  matchExpressions: expressions,
});
const extraOfComponent = z.object({
  flags,
  volumes: texts,
  envs: z.array(z.object({ name: text, value: text.optional() })).optional(),
});

const clusterFacts = z
  .object({
    nodes: z.array(
      z.object({
        name: text,
        labels: textMap,
        annotations: textMap,
        unschedulable: z.boolean(),
        taints: z.array(z.object({ key: text, effect: text, value: text.optional() })),
        allocatable: amounts.optional(),
        ready: z.boolean(),
        readyReason: text,
        addresses: z.array(z.object({ type: text, address: text })),
        machineId: text,
        systemUuid: text,
        bootId: text,
        kubeletVersion: text,
        kubeProxyVersion: text,
        containerRuntime: text.optional(),
        controlPlane: z.boolean(),
      }),
    ),
    apiServers: z.array(z.object({ node: text, endpoint: text, version: text.optional(), ready: z.boolean() })),
    apiServerEndpoints: z.array(z.object({ node: text, endpoint: text })),
    pods: z.array(
      z.object({
        namespace: text,
        name: text,
        node: text.optional(),
        labels: textMap,
        phase: text,
        ready: z.boolean(),
        deleting: z.boolean(),
        controller: z
          .object({ kind: text, name: text, group: text.optional(), exists: z.boolean().optional() })
          .optional(),
        mirror: z.boolean(),
        emptyDirs: texts,
        images: texts,
        restarts: number,
        requests: amounts.optional(),
        tolerations: z
          .array(
            z.object({
              key: text.optional(),
              operator: text.optional(),
              value: text.optional(),
              effect: text.optional(),
            }),
          )
          .optional(),
        nodeSelector: textMap.optional(),
        nodeAffinity: z.array(z.object({ matchExpressions: expressions, names: texts.optional() })).optional(),
        bound: texts.optional(),
        finalizers: texts.optional(),
        deletedAt: text.optional(),
      }),
    ),
    pdbs: z.array(
      z.object({
        namespace: text,
        name: text,
        selector,
        minAvailable: text.optional(),
        maxUnavailable: text.optional(),
        disruptionsAllowed: number,
        expectedPods: number,
        currentHealthy: number,
        desiredHealthy: number,
        generation: number,
        observedGeneration: number,
        freesUnhealthy: z.boolean().optional(),
        syncFailed: text.optional(),
      }),
    ),
    kubeadmConfig: z.object({
      kubernetesVersion: text,
      controlPlaneEndpoint: text.optional(),
      imageRepository: text.optional(),
      etcd: z.object({ imageRepository: text.optional(), imageTag: text.optional() }).optional(),
      clusterConfiguration: text.optional(),
      extra: z.record(text, extraOfComponent).optional(),
    }),
    kubeProxy: z.object({
      version: text.optional(),
      unmanaged: z.boolean().optional(),
      desired: number,
      updated: number,
      available: number,
    }),
    etcd: z.object({
      external: z.boolean(),
      source: text.optional(),
      clusterId: text.optional(),
      members: z.array(
        z.object({
          id: text,
          name: text,
          peerUrls: texts,
          clientUrls: texts,
          learner: z.boolean(),
          healthy: z.boolean().optional(),
          version: text.optional(),
          dbSize: number.optional(),
          dbSizeInUse: number.optional(),
          raftIndex: number.optional(),
          leader: z.boolean(),
          alarms: texts,
        }),
      ),
      error: text.optional(),
    }),
    coreDns: z.object({
      corefile: text.optional(),
      image: text.optional(),
      rollout: z.object({ desired: number, updated: number, available: number }).optional(),
      resources: z.object({ limits: textMap, requests: textMap }).optional(),
    }),
    webhooks: z.array(
      z.object({
        kind: text,
        configuration: text,
        name: text,
        fails: z.boolean(),
        service: z.object({ namespace: text, name: text }).optional(),
        selector: textMap.optional(),
        namespaces: selector.optional(),
        narrowed: z.boolean().optional(),
        rules: z.array(z.object({ groups: texts, resources: texts, operations: texts })),
      }),
    ),
    volumeAttachments: z.array(z.object({ name: text, node: text, volume: text })),
    kubeletConfig: kubeletConfiguration.extend({
      missing: z.boolean().optional(),
      unreadable: z.boolean().optional(),
      versioned: text.optional(),
    }),
    kubeProxyConfig: z.object({ missing: z.boolean().optional(), mode: text, featureGates: gates }),
  })
  .partial();

const inventory = z.object({
  cluster: text.optional(),
  nodes: z.array(
    z.object({
      name: text,
      /** The Node object's name, where it is another. */
      object: text.optional(),
      host: text.optional(),
      role: z.enum(['control-plane', 'worker', 'other']),
      vars: z.record(text, z.unknown()).optional(),
    }),
  ),
  groups: z.record(text, texts).optional(),
});

const document = z.object({
  format: z.literal('runbook-facts').optional(),
  version: z.literal(1, { error: 'this lab reads version 1' }).optional(),
  /** ISO 8601. */
  readAt: text.optional(),
  inventory,
  facts: z.object({ nodes: z.record(text, nodeFacts), cluster: clusterFacts.optional() }),
});

export type TwinDocument = z.infer<typeof document>;
export type TwinInventoryNode = TwinDocument['inventory']['nodes'][number];
export type TwinNodeFacts = z.infer<typeof nodeFacts>;
export type TwinClusterFacts = z.infer<typeof clusterFacts>;
export type TwinManifest = z.infer<typeof manifest>;
export type TwinPod = NonNullable<TwinClusterFacts['pods']>[number];
export type TwinNodeObject = NonNullable<TwinClusterFacts['nodes']>[number];
export type TwinSource = z.infer<typeof source>;
export type TwinKubeletConfiguration = z.infer<typeof kubeletConfiguration>;

function isJson(value: string): boolean {
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}

/** Reads a facts document. `name`: of its file, for messages. @throws LabFailure for what is none */
export function readDocument(value: unknown, name = 'the facts document'): TwinDocument {
  const parsed = document.safeParse(value);
  if (parsed.success) return parsed.data;
  const shown = parsed.error.issues.slice(0, 5).map(({ path, message }) => `${path.join('.') || '(top)'}: ${message}`);
  throw new LabFailure(2, `${name} is not a file of \`runbook facts\``, [
    ...shown,
    'Write one with: runbook facts -i INVENTORY -o facts.json',
  ]);
}
