import { z } from 'zod';
import { quote } from '../../transport/quote.ts';

/** Keys that `kubeadm upgrade apply` and `kubeadm upgrade node` share. */
export const kubeadmOptions = {
  patches: z
    .string()
    .startsWith('/', 'an absolute path on the node')
    .optional()
    .describe('Folder of patches on the node; pass it on every upgrade, or customised manifests are lost'),
  certificateRenewal: z
    .boolean()
    .optional()
    .describe('false: do not renew the certificates (kubeadm renews by default)'),
  etcdUpgrade: z.boolean().optional().describe('false: leave etcd as it is (kubeadm upgrades it by default)'),
  ignorePreflightErrors: z
    .array(z.string().regex(/^[A-Za-z0-9._-]+$/, 'the name of a preflight check, such as CreateJob'))
    .optional()
    .describe('Preflight checks of kubeadm that only warn'),
  skipPhases: z
    .array(z.string().regex(/^[a-z-]+(\/[a-z-]+)?$/, 'a phase of kubeadm, such as addon/kube-proxy'))
    .optional()
    .describe('Phases that kubeadm leaves out (`--skip-phases`; of `upgrade apply` from 1.32 on)'),
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

/** kubeadm takes a prerelease only by a flag of its own. */
export function prereleaseFlag(version: string): string {
  if (/-rc\./.test(version)) return ' --allow-release-candidate-upgrades';
  return /-(alpha|beta)\./.test(version) ? ' --allow-experimental-upgrades' : '';
}

/** Flags, quoted, each with a space before it. */
export function kubeadmFlags(options: KubeadmOptions): string {
  const flags = [
    ...(options.patches === undefined ? [] : [`--patches=${options.patches}`]),
    ...(options.certificateRenewal === undefined ? [] : [`--certificate-renewal=${options.certificateRenewal}`]),
    ...(options.etcdUpgrade === undefined ? [] : [`--etcd-upgrade=${options.etcdUpgrade}`]),
    ...(options.ignorePreflightErrors?.length
      ? [`--ignore-preflight-errors=${options.ignorePreflightErrors.join(',')}`]
      : []),
    ...(options.skipPhases?.length ? [`--skip-phases=${options.skipPhases.join(',')}`] : []),
  ];
  return flags.map((flag) => ` ${quote(flag)}`).join('');
}
