import { z } from 'zod';
import type { Fact } from './fact.ts';
import { kubectl, kubectlRemedy, listOf, parseJson, stringMap, withoutIndentation } from './lib/kubectl.ts';
import { endpointAnnotation } from './static-pods.ts';
import { remembering } from './lib/remember.ts';

export interface ApiServerEndpoint {
  /** The Node object's name. */
  readonly node: string;
  /** `10.0.0.11:6443` */
  readonly endpoint: string;
}

/** Where each API server listens, as its mirror pod says. */
export const apiServerEndpoints: Fact<readonly ApiServerEndpoint[]> = {
  command: 'kubectl -n kube-system get pods -l component=kube-apiserver -o json',
  remedy: kubectlRemedy,
  filter: withoutIndentation,
  script: ({ kubeconfig }) => kubectl(kubeconfig, '-n kube-system get pods -l component=kube-apiserver -o json'),
  parse: remembering(parseApiServerEndpoints),
};

const podSchema = z.object({
  metadata: z.object({ annotations: stringMap }),
  spec: z.object({ nodeName: z.string().nullish() }),
});

function parseApiServerEndpoints(output: string): ApiServerEndpoint[] {
  return parseJson(listOf(podSchema), output).flatMap(({ metadata, spec }) => {
    const endpoint = metadata.annotations?.[endpointAnnotation];
    return spec.nodeName && endpoint ? [{ node: spec.nodeName, endpoint }] : [];
  });
}
