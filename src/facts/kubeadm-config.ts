import { z } from 'zod';
import type { Fact } from './fact.ts';
import { kubectl } from './lib/kubectl.ts';
import { shownVariable } from './proxy-variables.ts';
import { withoutV } from './lib/version.ts';
import { readYamlText } from './lib/yaml.ts';
import { remembering } from './lib/remember.ts';

export interface KubeadmConfigFact {
  /** `kubernetesVersion` of ClusterConfiguration without `v`. */
  readonly kubernetesVersion: string;
  readonly controlPlaneEndpoint?: string;
  readonly imageRepository?: string;
  readonly certificatesDir?: string;
  readonly networking?: {
    readonly dnsDomain?: string | undefined;
    readonly podSubnet?: string | undefined;
    readonly serviceSubnet?: string | undefined;
  };
  /** kubeadm's own. */
  readonly featureGates?: Readonly<Record<string, boolean>>;
  /** Of an etcd that kubeadm runs; it leaves etcd at such a tag. */
  readonly etcd?: { readonly imageRepository?: string; readonly imageTag?: string };
  /** Of CoreDNS, in place of kubeadm's own. */
  readonly dns?: { readonly imageTag: string };
  /** The ClusterConfiguration as it is, for kubeadm to read. */
  readonly clusterConfiguration?: string;
  /** extraArgs (without dashes) and the names of extraVolumes, by component (`kube-apiserver`, `etcd` ...). */
  readonly extra?: Readonly<
    Record<
      string,
      {
        readonly flags: readonly { readonly name: string; readonly value: string }[];
        readonly volumes: readonly string[];
        /** extraEnvs, by name; the value of a proxy variable. */
        readonly envs?: readonly { readonly name: string; readonly value?: string }[];
      }
    >
  >;
}

export const kubeadmConfig: Fact<KubeadmConfigFact> = {
  command: 'kubectl -n kube-system get configmap kubeadm-config -o json',
  remedy: 'Without that ConfigMap it is not a kubeadm cluster; with it, does the API server answer there?',
  script: ({ kubeconfig }) => kubectl(kubeconfig, '-n kube-system get configmap kubeadm-config -o json'),
  parse: remembering(parseKubeadmConfig),
};

const configMapSchema = z.object({ data: z.object({ ClusterConfiguration: z.string() }) });
const text = z
  .union([z.string(), z.number(), z.boolean()])
  .nullish()
  .transform((value) => String(value ?? ''));
/** A map before v1beta4, since then a list, in which a name may come twice. */
const extraArgs = z
  .union([
    z.array(z.object({ name: z.string(), value: text })),
    z.record(z.string(), text).transform((map) => Object.entries(map).map(([name, value]) => ({ name, value }))),
  ])
  .nullish();
const component = z
  .object({
    extraArgs,
    extraVolumes: z.array(z.object({ name: z.string() })).nullish(),
    extraEnvs: z.array(z.object({ name: z.string(), value: z.string().nullish() })).nullish(),
    imageRepository: z.string().nullish(),
    imageTag: z.string().nullish(),
  })
  .nullish()
  // What is not understood is not compared.
  .catch(undefined);
const clusterConfigurationSchema = z.object({
  kubernetesVersion: z.string(),
  controlPlaneEndpoint: z.string().nullish(),
  imageRepository: z.string().nullish(),
  certificatesDir: z.string().nullish().catch(undefined),
  networking: z
    .object({
      dnsDomain: z.string().optional(),
      podSubnet: z.string().optional(),
      serviceSubnet: z.string().optional(),
    })
    .nullish()
    .catch(undefined),
  apiServer: component,
  controllerManager: component,
  scheduler: component,
  etcd: z.object({ local: component }).nullish().catch(undefined),
  featureGates: z.record(z.string(), z.boolean()).nullish().catch(undefined),
  dns: z.object({ imageTag: z.string().nullish() }).nullish().catch(undefined),
});

/** Takes JSON and YAML. */
function parseKubeadmConfig(output: string): KubeadmConfigFact {
  const configMap = configMapSchema.safeParse(readYamlText(output));
  if (!configMap.success) throw new Error('the ConfigMap has no ClusterConfiguration');
  const { ClusterConfiguration: whole } = configMap.data.data;
  const configuration = clusterConfigurationSchema.safeParse(readYamlText(whole));
  if (!configuration.success) throw new Error('its ClusterConfiguration has no kubernetesVersion');
  const {
    kubernetesVersion,
    controlPlaneEndpoint,
    imageRepository,
    certificatesDir,
    networking,
    featureGates,
    dns,
    etcd,
  } = configuration.data;
  return {
    kubernetesVersion: withoutV(kubernetesVersion),
    ...(controlPlaneEndpoint ? { controlPlaneEndpoint } : {}),
    ...(imageRepository ? { imageRepository } : {}),
    ...(certificatesDir ? { certificatesDir } : {}),
    ...(networking ? { networking } : {}),
    ...(featureGates ? { featureGates } : {}),
    ...(etcd?.local?.imageRepository || etcd?.local?.imageTag ? { etcd: pinned(etcd.local) } : {}),
    ...(dns?.imageTag ? { dns: { imageTag: dns.imageTag } } : {}),
    clusterConfiguration: whole,
    extra: {
      'kube-apiserver': extraOf(configuration.data.apiServer),
      'kube-controller-manager': extraOf(configuration.data.controllerManager),
      'kube-scheduler': extraOf(configuration.data.scheduler),
      etcd: extraOf(etcd?.local),
    },
  };
}

function pinned({ imageRepository, imageTag }: NonNullable<z.infer<typeof component>>) {
  return { ...(imageRepository ? { imageRepository } : {}), ...(imageTag ? { imageTag } : {}) };
}

function extraOf(given: z.infer<typeof component>) {
  return {
    flags: given?.extraArgs ?? [],
    volumes: (given?.extraVolumes ?? []).map(({ name }) => name),
    ...(given?.extraEnvs?.length ? { envs: given.extraEnvs.map(shownVariable) } : {}),
  };
}
