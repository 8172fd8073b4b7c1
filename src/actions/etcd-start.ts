import { z } from 'zod';
import { withNode } from '../facts/lib/with-node.ts';
import type { Action } from './action.ts';
import { COMPONENTS, hostOf, isMarked, partsOf, prologue, withMark } from './lib/etcd-restore-shell.ts';

/**
 * All members at once: one alone waits for its quorum (a phase with `serial: 100%`).
 * The kubelet is restarted last, as the API has gone back in time.
 */
export const etcdStart: Action<Record<string, never>> = {
  name: 'etcd-start',
  summary: 'Start etcd and the control plane of a node again after a restore, and wait until both answer',
  schema: z.strictObject({}),
  place: 'node',
  effect: 'once',
  timeout: 1_200_000,
  usually: 60_000,
  onTimeout: 'kill',
  facts: ['etcdHost'],
  guards: [],
  settle: 120_000,
  script: (context) => ({
    commands: [
      hostOf(context)?.kind === 'unit'
        ? 'systemctl start etcd'
        : `mv /etc/kubernetes/runbook-restore-${context.run}/etcd.yaml /etc/kubernetes/manifests/`,
      'etcdctl endpoint health',
      `mv /etc/kubernetes/runbook-restore-${context.run}/*.yaml /etc/kubernetes/manifests/`,
      'kubectl get --raw /readyz',
      'systemctl restart kubelet',
    ],
    text: `${prologue(context)}${SCRIPT}`,
  }),
  isDone(context) {
    const host = hostOf(context);
    if (!host) return { done: false, reason: `nothing is known of etcd on ${context.node.name}` };
    if (host.kind === undefined && context.node.role !== 'control-plane')
      return { done: true, reason: `nothing of it runs on ${context.node.name}` };
    if (!isMarked(context, 'started')) return { done: false, reason: 'it has not been started since the restore' };
    if (host.kind !== undefined && !host.running) return { done: false, reason: 'etcd does not run' };
    const done = context.node.role !== 'control-plane' || host.apiServer;
    return {
      done,
      reason: done ? `${partsOf(context)} running on the restored data` : 'kube-apiserver does not run',
    };
  },
  project: (context) =>
    withNode(context.facts, context.node.name, (node) => {
      if (etcdStart.isDone(context).done) return node;
      const host = node.etcdHost ?? { running: false, apiServer: false, hasData: false, marks: {} };
      const runs = { ...host, running: host.kind !== undefined, apiServer: context.node.role === 'control-plane' };
      return { ...node, etcdHost: withMark(runs, context.run, 'started') };
    }),
};

const SCRIPT = `if [ "$kind" != none ] && ! marked restored; then refuse 'its data were not restored (etcd-restore)'; fi
if [ "$kind" = unit ]; then
  systemctl daemon-reload && systemctl start --no-block etcd || exit
elif [ -f "$aside/etcd.yaml" ]; then
  mv "$aside/etcd.yaml" "$manifests/etcd.yaml" || exit
fi
if [ "$kind" != none ] && [ -x "$work/bin/etcdctl" ]; then
  etcd_access
  n=0
  until said=$("$work/bin/etcdctl" $access --command-timeout=5s endpoint health 2>&1); do
    n=$((n + 1))
    if [ "$n" -gt 100 ]; then
      printf '%s\\n' "$said" >&2
      refuse 'etcd is not healthy 5 minutes after its start: look at its log (crictl logs, journalctl -u etcd)'
    fi
    sleep 3
  done
  say 'etcd is healthy'
  "$work/bin/etcdctl" $access endpoint status -w json 2>/dev/null | sed -n 's/.*"revision":\\([0-9]*\\).*/its revision is \\1/p'
fi
for name in ${COMPONENTS}; do
  [ -f "$aside/$name.yaml" ] || continue
  mv "$aside/$name.yaml" "$manifests/$name.yaml" || exit
  say "moved $name.yaml back"
done
if [ -f "$manifests/kube-apiserver.yaml" ]; then
  n=0
  until said=$(kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout=5s get --raw /readyz 2>&1); do
    n=$((n + 1))
    if [ "$n" -gt 150 ]; then
      printf '%s\\n' "$said" >&2
      refuse 'the API server is not ready 5 minutes after etcd was: look at its log (crictl logs)'
    fi
    sleep 2
  done
  say 'the API server answers'
  systemctl restart kubelet || exit
fi
rmdir "$aside" 2>/dev/null
# it holds every Secret; the programs are of no use any more
rm -rf "$snapshot" "$work/bin" "$work/image"
mark started
`;
