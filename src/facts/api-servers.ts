import { quote } from '../transport/quote.ts';
import type { ApiServerEndpoint } from './api-server-endpoints.ts';
import type { Fact, FactOptions } from './fact.ts';
import { kubectl, kubectlRemedy } from './lib/kubectl.ts';
import { withoutV } from './lib/version.ts';
import type { NodeObject } from './nodes.ts';
import { hostPort } from './static-pods.ts';

/** One API server, asked directly at its own address, not through a load balancer. */
export interface ApiServerFact {
  /** The Node object's name. */
  readonly node: string;
  readonly endpoint: string;
  /** `1.31.9`; undefined when it did not answer. */
  readonly version?: string;
  readonly ready: boolean;
  readonly error?: string;
}

/** Seconds for each question to one API server: with some dead, all together stay below a probe's time limit. */
const patience = 8;

/** The version of each API server, then its readiness where it answered. One that does not answer has an `error`. */
export const apiServers: Fact<readonly ApiServerFact[]> = {
  command: 'kubectl --server https://API-SERVER get --raw /version; kubectl get --raw /readyz',
  remedy: kubectlRemedy,
  needs: (options) => (options.apiServerEndpoints ? [] : ['nodes', 'apiServerEndpoints']),
  script: (options) =>
    serversOf(options)
      .map(
        ({ endpoint }) =>
          `said=$({ ${ask(options.kubeconfig, endpoint)}; } 2>&1); printf '%s\\nstatus %s\\n' "$said" "$?"`,
      )
      .concat('true')
      .join('\n'),
  parse: (output, options) => {
    const answers = [...output.matchAll(/([\s\S]*?)^status (\d+)$/gm)];
    return serversOf(options).map((server, index) => factOf(server, answers[index] ?? []));
  },
};

function ask(kubeconfig: string, endpoint: string): string {
  const server = `--server ${quote(`https://${endpoint}`)}`;
  const get = (path: string) => kubectl(kubeconfig, `${server} get --raw ${path}`, patience);
  return `${get('/version')} && echo && ${get('/readyz')}`;
}

/** The API servers that are asked. */
export function serversOf({ apiServerEndpoints, earlier }: FactOptions): readonly ApiServerEndpoint[] {
  return apiServerEndpoints ?? endpointsOf(earlier?.nodes ?? [], earlier?.apiServerEndpoints ?? []);
}

/** One endpoint for each control plane's Node object: from its pod, else its internal address and the usual port. */
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

function factOf({ node, endpoint }: ApiServerEndpoint, [, said = '', status]: readonly string[]): ApiServerFact {
  const version = /"gitVersion":\s*"([^"]+)"/.exec(said)?.[1];
  const ready = status === '0' && version !== undefined;
  const last = said.trim().split('\n').at(-1)?.trim() ?? '';
  return {
    node,
    endpoint,
    ...(version === undefined ? {} : { version: withoutV(version) }),
    ready,
    ...(ready ? {} : { error: last || 'it did not answer' }),
  };
}
