import { z } from 'zod';
import type { NodeFacts } from '../../facts/facts.ts';
import {
  amount,
  flag,
  kubeletConfiguration,
  manifest,
  namedValue,
  object,
  optional,
  partial,
  type Same,
  seconds,
  text,
  textMap,
  texts,
  textsMap,
  yes,
} from './parts.ts';

const legacySource = {
  file: text,
  line: amount,
  format: z.enum(['list', 'deb822', 'repo']),
  enabled: flag,
  url: text,
  section: optional(object({ id: text, first: amount, last: amount })),
};
const source = object({
  ...legacySource,
  baseUrl: text,
  channel: z.enum(['stable', 'prerelease']),
  minor: text,
  signedBy: optional(text),
  inlineKey: optional(yes),
});
const installed = { revision: text, status: text };
const call = object({
  id: z.enum(['images', 'plan', 'diff', 'dry-run']),
  command: text,
  ended: z.enum(['done', 'failed', 'timed-out']),
  said: texts,
});

/** The facts of a machine as a file has them. */
export const nodeForm = partial({
  os: object({ id: text, idLike: texts, versionId: text, prettyName: text, packageManager: text }),
  machine: object({
    hostname: text,
    machineId: text,
    systemUuid: optional(text),
    bootId: text,
    initStart: optional(text),
    addresses: texts,
  }),
  packages: object({ installed: z.record(text, object(installed)), held: texts, manager: optional(text) }),
  repository: object({ sources: z.array(source), legacy: optional(z.array(object(legacySource))) }),
  offered: z.record(text, object({ url: text, revisions: textsMap, error: optional(text) })),
  binaries: partial({ kubeadm: text, kubelet: text, kubectl: text }),
  staticPods: object({
    components: z.record(text, object({ image: text, tag: text })),
    apiServerEndpoint: optional(text),
    several: optional(textsMap),
    interrupted: optional(textMap),
    strangers: optional(z.array(object({ file: text, pod: optional(text), error: optional(text) }))),
  }),
  proxyVariables: z.array(namedValue),
  kubelet: object({
    server: optional(text),
    nodeName: optional(text),
    active: flag,
    startedAt: optional(seconds),
    binaryChangedAt: optional(seconds),
    healthy: flag,
    configuredFor: optional(text),
    joining: optional(yes),
  }),
  reboot: object({ required: optional(flag), reason: text }),
  osUpdates: object({ pending: texts, error: optional(text) }),
  prefetched: object({ archives: textsMap, needs: textsMap, images: texts }),
  certificates: object({
    now: optional(seconds),
    files: z.array(object({ path: text, notAfter: seconds })),
    keys: optional(texts),
    unfinished: optional(yes),
    etcdElsewhere: optional(yes),
  }),
  adminConf: object({ present: flag, admin: optional(flag), error: optional(text) }),
  deprecatedApis: z.array(object({ group: text, version: text, resource: text, removedRelease: text })),
  manifests: z.record(text, manifest),
  configFiles: z.array(
    object({
      component: text,
      flag: text,
      file: text,
      missing: optional(yes),
      kinds: texts,
      kms: optional(texts),
    }),
  ),
  disk: object({
    places: z.array(
      object({
        path: text,
        mount: text,
        size: amount,
        free: amount,
        inodes: optional(amount),
        freeInodes: optional(amount),
      }),
    ),
    etcdBytes: optional(amount),
  }),
  packageState: object({ broken: texts, lock: optional(object({ pid: amount, command: text, file: text })) }),
  repositoryKeys: object({
    now: optional(seconds),
    keyrings: z.array(object({ file: text, keys: z.array(object({ id: text, expires: optional(seconds) })) })),
  }),
  kubeletSetup: object({
    flags: z.array(object({ file: text, name: text, value: optional(text) })),
    shadowing: texts,
    ownUnits: texts,
    config: optional(object(kubeletConfiguration)),
    dropIns: optional(z.array(object({ file: text, config: object(kubeletConfiguration) }))),
    writtenFor: optional(text),
  }),
  kernel: object({
    cgroup: optional(z.enum(['v1', 'v2'])),
    swaps: z.array(object({ name: text, bytes: amount })),
    sockets: texts,
  }),
  clock: partial({ least: seconds, most: seconds }),
  etcdHost: object({
    kind: optional(z.enum(['pod', 'unit'])),
    running: flag,
    apiServer: flag,
    name: optional(text),
    dataDir: optional(text),
    hasData: flag,
    peerUrl: optional(text),
    ca: optional(text),
    clusterId: optional(text),
    aside: optional(texts),
    marks: textsMap,
  }),
  runtime: object({
    name: optional(text),
    version: optional(text),
    unasked: optional(yes),
    error: optional(text),
  }),
  targetKubeadm: z.record(
    text,
    object({
      unusable: optional(text),
      calls: z.array(call),
      images: optional(texts),
      manifests: optional(z.record(text, manifest)),
      manifestsBy: optional(z.enum(['dry-run', 'diff'])),
      toConvert: optional(texts),
    }),
  ),
  software: z.record(
    text,
    object({
      installed: optional(object({ ...installed, at: optional(seconds) })),
      offered: optional(texts),
      candidate: optional(text),
      error: optional(text),
    }),
  ),
  units: z.record(
    text,
    object({
      load: text,
      active: text,
      sub: text,
      file: text,
      startedAt: optional(seconds),
      reloads: flag,
      ends: flag,
    }),
  ),
});

/** A fact whose form is not the one above does not compile. */
true satisfies Same<z.infer<typeof nodeForm>, NodeFacts>;
