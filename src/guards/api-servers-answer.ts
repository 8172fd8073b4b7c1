import type { Finding, Guard, GuardInput } from './guard.ts';
import { withoutPassing } from './lib/passing.ts';
import { nodeField } from './lib/subject.ts';

export const apiServersAnswer: Guard = {
  id: 'api-servers-answer',
  title: 'Every API server answers at its own address and is ready',
  source: 'Kubernetes version skew policy: kube-apiserver (every instance counts)',
  facts: ['nodes', 'apiServers'],
  scope: 'step',
  check: (whole) => {
    const input = withoutPassing(whole);
    const { apiServers, nodes } = input.before.cluster ?? {};
    if (!apiServers) return [];
    const silent = apiServers
      .filter((server) => server.version === undefined || !server.ready)
      .map(({ node, endpoint, version, error }) => {
        const what = version === undefined ? 'does not answer' : `(${version}) is not ready`;
        return finding(
          input,
          node,
          `the API server of ${node} at ${endpoint} ${what}${error === undefined ? '' : `: ${error}`}`,
        );
      });
    const unknown = (nodes ?? [])
      .filter((object) => object.controlPlane && !apiServers.some((server) => server.node === object.name))
      .map(({ name }) => finding(input, name, `the control plane ${name} has no API server that could be asked`));
    return [...silent, ...unknown];
  },
};

function finding(input: GuardInput, node: string, summary: string): Finding {
  return {
    guard: apiServersAnswer.id,
    severity: 'refuse',
    ...nodeField(input, node),
    summary,
    remedy: `On that node look at the container (crictl ps -a --name kube-apiserver) and its log; try \`kubectl get --raw /readyz?verbose\` against it.`,
    source: apiServersAnswer.source,
  };
}
