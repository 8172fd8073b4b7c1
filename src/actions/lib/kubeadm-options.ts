import { z } from 'zod';
import { quote } from '../../transport/quote.ts';
import { list } from './list.ts';

/** Phases by command, with their parts: `kubeadm upgrade apply --help` (1.32) and `kubeadm upgrade node --help`. */
const PHASES = {
  apply: [
    'preflight',
    'control-plane',
    'upload-config',
    'upload-config/kubeadm',
    'upload-config/kubelet',
    'kubelet-config',
    'bootstrap-token',
    'addon',
    'addon/coredns',
    'addon/kube-proxy',
    'post-upgrade',
  ],
  node: ['preflight', 'control-plane', 'kubelet-config', 'addon', 'addon/coredns', 'addon/kube-proxy', 'post-upgrade'],
} as const;

/** Keys that `kubeadm upgrade apply` and `kubeadm upgrade node` share. */
export const kubeadmOptions = {
  patches: z
    .string()
    .regex(/^(\/.*)?$/, 'must be an absolute path on the node')
    .transform((path) => (path === '' ? undefined : path))
    .optional()
    .describe('Folder of patches on the node; pass it on every upgrade, or customised manifests are lost'),
  certificateRenewal: z
    .boolean()
    .optional()
    .describe('false: do not renew the certificates (kubeadm renews by default)'),
  etcdUpgrade: z.boolean().optional().describe('false: leave etcd as it is (kubeadm upgrades it by default)'),
  ignorePreflightErrors: list(
    z.string().regex(/^[A-Za-z0-9._-]+$/, 'must be the name of a preflight check, such as CreateJob'),
  )
    .optional()
    .describe('Preflight checks of kubeadm that only warn: a list, or names with commas between them'),
  skipPhases: list(z.enum(PHASES.apply))
    .optional()
    .describe(
      'Phases that kubeadm leaves out (`--skip-phases`; of `upgrade apply` from 1.32 on): a list, or names with commas between them',
    ),
};

export interface KubeadmOptions {
  readonly patches?: string | undefined;
  readonly certificateRenewal?: boolean | undefined;
  readonly etcdUpgrade?: boolean | undefined;
  readonly ignorePreflightErrors?: readonly string[] | undefined;
  readonly skipPhases?: readonly string[] | undefined;
}

/** kubeadm leaves out the phase, or this part of it. */
export function skips({ skipPhases = [] }: KubeadmOptions, phase: string, part?: string): boolean {
  return skipPhases.some((one) => one === phase || (part !== undefined && one === `${phase}/${part}`));
}

/** The preflight check only warns. kubeadm reads the names in any case, and `all` for each of them. */
export function ignoresCheck({ ignorePreflightErrors = [] }: KubeadmOptions, check: string): boolean {
  return ignorePreflightErrors.some((one) => ['all', check.toLowerCase()].includes(one.toLowerCase()));
}

/** Of CoreDNS; both ask for its version. */
export const CORE_DNS_CHECKS = ['CoreDNSUnsupportedPlugins', 'CoreDNSMigration'] as const;

/** kubeadm takes a prerelease only by a flag of its own. */
export function prereleaseFlag(version: string): string {
  if (/-rc\./.test(version)) return ' --allow-release-candidate-upgrades';
  return /-(alpha|beta)\./.test(version) ? ' --allow-experimental-upgrades' : '';
}

/** Flags, quoted, each with a space before it. Phases that the command does not have are no option of it. */
export function kubeadmFlags(command: keyof typeof PHASES, options: KubeadmOptions): string {
  const known: readonly string[] = PHASES[command];
  const phases = options.skipPhases?.filter((phase) => known.includes(phase)) ?? [];
  const flags = [
    ...(options.patches === undefined ? [] : [`--patches=${options.patches}`]),
    ...(options.certificateRenewal === undefined ? [] : [`--certificate-renewal=${options.certificateRenewal}`]),
    // What is kubeadm's default is not said.
    ...(options.etcdUpgrade === false ? ['--etcd-upgrade=false'] : []),
    ...(options.ignorePreflightErrors?.length
      ? [`--ignore-preflight-errors=${options.ignorePreflightErrors.join(',')}`]
      : []),
    ...(phases.length > 0 ? [`--skip-phases=${phases.join(',')}`] : []),
  ];
  return flags.map((flag) => ` ${quote(flag)}`).join('');
}
