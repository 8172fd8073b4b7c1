import { z } from 'zod';
import type { Fact } from './fact.ts';
import { kubectl, kubectlRemedy, listOf, parseJson, withoutIndentation } from './lib/kubectl.ts';

export interface LeaseFact {
  readonly node: string;
  /** ISO 8601 as the kubelet wrote it. */
  readonly renewTime: string;
}

export const leases: Fact<readonly LeaseFact[]> = {
  command: 'kubectl -n kube-node-lease get leases -o json',
  remedy: kubectlRemedy,
  filter: withoutIndentation,
  script: ({ kubeconfig }) => kubectl(kubeconfig, '-n kube-node-lease get leases -o json'),
  parse: parseLeases,
};

const leaseSchema = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({ renewTime: z.string().nullish() }),
});

function parseLeases(output: string): LeaseFact[] {
  return parseJson(listOf(leaseSchema), output).map(({ metadata, spec }) => ({
    node: metadata.name,
    renewTime: spec.renewTime ?? '',
  }));
}
