import { parse } from 'semver';
import type { Fact } from './fact.ts';
import { withoutV } from './lib/version.ts';

/** The container runtime, asked itself. */
export interface RuntimeFact {
  /** `containerd` */
  readonly name?: string;
  /** Of the running process, without a leading `v`. */
  readonly version?: string;
  /** Nothing is there to ask it with. */
  readonly unasked?: true;
  /** Why it gave no answer. */
  readonly error?: string;
}

/**
 * Asked over CRI, at the socket that the kubelet uses, by crictl; where that is missing, containerd by its own ctr
 * ("Debugging Kubernetes nodes with crictl").
 */
export const runtime: Fact<RuntimeFact> = {
  command: 'crictl version (or ctr version)',
  remedy: 'Try it there by hand.',
  script: () =>
    `endpoint=$(cat /var/lib/kubelet/kubeadm-flags.env 2>/dev/null | sed -n 's/.*--container-runtime-endpoint[= ]\\([^ "]*\\).*/\\1/p' | head -n 1)
for file in /var/lib/kubelet/instance-config.yaml /var/lib/kubelet/config.yaml; do
  [ -n "$endpoint" ] || endpoint=$(sed -n 's/^containerRuntimeEndpoint:[[:space:]]*"\\{0,1\\}\\([^" ]*\\).*/\\1/p' "$file" 2>/dev/null | head -n 1)
done
case $endpoint in '') ;; *://*) ;; *) endpoint=unix://$endpoint ;; esac
if command -v crictl >/dev/null 2>&1; then
  crictl \${endpoint:+--runtime-endpoint "$endpoint"} version 2>&1 || echo failed
elif command -v ctr >/dev/null 2>&1; then
  echo 'RuntimeName: containerd'
  ctr version 2>&1 | sed -n '/^Server/,$s/^ *Version: */RuntimeVersion: /p'
else
  echo unasked
fi
true`,
  parse: parseRuntime,
};

/**
 * What a kubelet reports of a runtime's version: a semantic version as it is, of any other (`1.6.20~ds1` of Debian) the
 * numbers that it begins with. Source: newRuntimeVersion in pkg/kubelet/kuberuntime/kuberuntime_manager.go.
 */
export function asReported(version: string): string {
  const text = withoutV(version);
  return parse(text) ? text : (/^\d+(\.\d+)*/.exec(text)?.[0] ?? text);
}

function parseRuntime(output: string): RuntimeFact {
  const value = (name: string) => new RegExp(`^${name}: *(\\S+)`, 'm').exec(output)?.[1];
  if (output.trim() === 'unasked') return { unasked: true };
  const [name, version] = [value('RuntimeName'), value('RuntimeVersion')];
  if (name !== undefined && version !== undefined) return { name, version: withoutV(version) };
  const lines = output.split('\n').filter((line) => line.trim() !== '' && line !== 'failed');
  return { error: lines.at(-1)?.trim() ?? 'no answer' };
}
