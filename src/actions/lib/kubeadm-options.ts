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
};

export interface KubeadmOptions {
  readonly patches?: string | undefined;
  readonly certificateRenewal?: boolean | undefined;
  readonly etcdUpgrade?: boolean | undefined;
  readonly ignorePreflightErrors?: readonly string[] | undefined;
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
  ];
  return flags.map((flag) => ` ${quote(flag)}`).join('');
}
