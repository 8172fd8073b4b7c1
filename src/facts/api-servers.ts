import { z } from 'zod';
import type { Fact } from './fact.ts';
import type { ApiServerFact, NodeObject } from './facts.ts';
import { type Framed, type FramePart } from './lib/frame.ts';
import { quote } from '../transport/quote.ts';
import { kubectl, kubectlRemedy, listOf, parseJson, stringMap, withoutIndentation } from './lib/kubectl.ts';
import { endpointAnnotation, hostPort } from './static-pods.ts';
import { withoutV } from './lib/version.ts';

export interface ApiServerEndpoint {
  readonly node: string;
  readonly endpoint: string;
}

/** The mirror pods of the API servers: they say where each one listens. Asking these is a second script. */
export const apiServerPods: Fact<readonly ApiServerEndpoint[]> = {
  command: 'kubectl -n kube-system get pods -l component=kube-apiserver -o json',
  remedy: kubectlRemedy,
  filter: withoutIndentation,
  script: ({ kubeconfig }) => kubectl(kubeconfig, '-n kube-system get pods -l component=kube-apiserver -o json'),
  parse: parseApiServerPods,
};

const podSchema = z.object({
  metadata: z.object({ annotations: stringMap }),
  spec: z.object({ nodeName: z.string().nullish() }),
});

export function parseApiServerPods(output: string): ApiServerEndpoint[] {
  return parseJson(listOf(podSchema), output).flatMap(({ metadata, spec }) => {
    const endpoint = metadata.annotations?.[endpointAnnotation];
    return spec.nodeName && endpoint ? [{ node: spec.nodeName, endpoint }] : [];
  });
}

/** One endpoint for each control plane's Node object: what its pod says, else its internal address and the usual port. */
export function endpointsOf(
  nodes: readonly NodeObject[],
  announced: readonly ApiServerEndpoint[],
): readonly ApiServerEndpoint[] {
  return nodes
    .filter((node) => node.controlPlane)
    .map(({ name, addresses }) => {
      const own = announced.find((entry) => entry.node === name)?.endpoint;
      const address = addresses.find((entry) => entry.type === 'InternalIP')?.address ?? name;
      return { node: name, endpoint: own ?? hostPort(address, '6443') };
    });
}

/** Seconds for each question to one API server: together they stay below a probe's time limit with some of them dead. */
const patience = 8;

/** One part of a script for each API server: its version, then its readiness where it answered. */
export function askApiServers(kubeconfig: string, endpoints: readonly ApiServerEndpoint[]): FramePart[] {
  return endpoints.map(({ endpoint }, index) => {
    const server = `--server ${quote(`https://${endpoint}`)}`;
    return {
      id: `server-${index}`,
      script: `${kubectl(kubeconfig, `${server} get --raw /version`, patience)} || exit
echo
${kubectl(kubeconfig, `${server} get --raw /readyz`, patience)}`,
    };
  });
}

export function parseApiServer({ node, endpoint }: ApiServerEndpoint, framed: Framed | undefined): ApiServerFact {
  const version = /"gitVersion":\s*"([^"]+)"/.exec(framed?.stdout ?? '')?.[1];
  const ready = framed?.code === 0 && version !== undefined;
  const said = framed?.stderr.trim().split('\n').at(-1)?.trim() ?? '';
  return {
    node,
    endpoint,
    ...(version === undefined ? {} : { version: withoutV(version) }),
    ready,
    ...(ready ? {} : { error: said || 'it did not answer' }),
  };
}
