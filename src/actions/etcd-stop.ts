import { z } from 'zod';
import { withNode } from '../facts/lib/with-node.ts';
import type { Action } from './action.ts';
import { COMPONENTS, hostOf, isMarked, partsOf, prologue, withMark } from './lib/etcd-restore-shell.ts';

/**
 * Static pods end when their manifests are gone; the manifests are moved, never deleted.
 * Source: "Operating etcd clusters for Kubernetes": stop all API servers, then restore on all members, then start.
 */
export const etcdStop: Action<Record<string, never>> = {
  name: 'etcd-stop',
  summary: 'Stop etcd and the control plane of a node for a restore; its manifests are moved aside',
  schema: z.strictObject({}),
  place: 'node',
  effect: 'once',
  timeout: 600_000,
  usually: 30_000,
  onTimeout: 'kill',
  facts: ['etcdHost'],
  guards: ['static-pod-files', 'etcd-snapshot-cluster'],
  settle: 30_000,
  script: (context) => ({
    commands: [
      `mv /etc/kubernetes/manifests/{${COMPONENTS.replaceAll(' ', ',')}}.yaml /etc/kubernetes/runbook-restore-${context.run}/`,
      ...(hostOf(context)?.kind === 'unit' ? ['systemctl stop etcd'] : []),
      'wait until their processes are gone',
    ],
    text: `${prologue(context)}${SCRIPT}`,
  }),
  isDone(context) {
    const host = hostOf(context);
    if (!host) return { done: false, reason: `nothing is known of etcd on ${context.node.name}` };
    if (isMarked(context, 'started')) return { done: true, reason: 'it was stopped, and has been started again' };
    if (host.running) return { done: false, reason: 'etcd runs' };
    if (host.apiServer) return { done: false, reason: 'kube-apiserver runs' };
    if (host.kind === undefined && context.node.role !== 'control-plane')
      return { done: true, reason: `nothing of it runs on ${context.node.name}` };
    const done = isMarked(context, 'stopped');
    return { done, reason: done ? `${partsOf(context)} stopped` : 'its manifests stand where they start' };
  },
  project: (context) =>
    withNode(context.facts, context.node.name, (node) => {
      const host = node.etcdHost ?? { running: false, apiServer: false, hasData: false, marks: {} };
      if (etcdStop.isDone(context).done) return node;
      return { ...node, etcdHost: withMark({ ...host, running: false, apiServer: false }, context.run, 'stopped') };
    }),
};

const SCRIPT = `[ "$kind" = none ] || marked prepared || refuse 'the snapshot was not prepared on this machine (etcd-prepare): nothing is stopped'
mkdir -p "$aside" || exit
for name in ${COMPONENTS}; do
  [ -f "$manifests/$name.yaml" ] || continue
  mv "$manifests/$name.yaml" "$aside/$name.yaml" || exit
  say "moved $name.yaml to $aside"
done
if [ "$kind" = unit ]; then systemctl stop etcd || exit; fi
n=0
for name in ${COMPONENTS}; do
  [ -n "$(process "$name")" ] || continue
  while [ -n "$(process "$name")" ]; do
    n=$((n + 1))
    [ "$n" -le 180 ] || refuse "$name still runs (pid $(process "$name")) 3 minutes after its manifest is gone: is the kubelet running?"
    sleep 1
  done
  say "$name does not run any more"
done
mark stopped
`;
