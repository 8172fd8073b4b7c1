import type { Fact } from './fact.ts';
import { kubectl } from './lib/kubectl.ts';
import { endpointAnnotation } from './static-pods.ts';

export interface DeprecatedApi {
  /** Empty: the core group. */
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** `1.25` */
  readonly removedRelease: string;
}

const metric = 'apiserver_requested_deprecated_apis';

/**
 * Requests to this node's API server since its start, for APIs that a release removes ("Deprecated API Migration
 * Guide"). Each process has its own count, so each is asked at its own address; its metrics are megabytes, so the node
 * filters them. A node without an API server, or one that does not answer, has none.
 */
export const deprecatedApis: Fact<readonly DeprecatedApi[]> = {
  command: `kubectl get --raw /metrics | grep ${metric}`,
  remedy: 'Try it there by hand.',
  script:
    () => `endpoint=$(sed -n 's|^ *${endpointAnnotation}: *||p' /etc/kubernetes/manifests/kube-apiserver.yaml 2>/dev/null | head -n 1)
[ -n "$endpoint" ] || exit 0
${kubectl('/etc/kubernetes/admin.conf', '--server "https://$endpoint" get --raw /metrics', 15)} 2>/dev/null | grep '^${metric}{'
true`,
  parse: parseDeprecatedApis,
};

function parseDeprecatedApis(output: string): DeprecatedApi[] {
  return output.split('\n').flatMap((line) => {
    const labels = new RegExp(`^${metric}\\{(.*)\\} [1-9]`).exec(line)?.[1];
    if (labels === undefined) return [];
    const value = (name: string) => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? '';
    const removedRelease = value('removed_release');
    if (removedRelease === '') return [];
    return [{ group: value('group'), version: value('version'), resource: value('resource'), removedRelease }];
  });
}
