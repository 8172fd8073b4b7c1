import { RESTORES } from '../../facts/etcd-host.ts';
import { ETCD_SHELL } from '../../facts/lib/etcd-shell.ts';
import type { EtcdHostFact } from '../../facts/etcd-host.ts';
import type { ActionContext } from '../action.ts';
import { quote } from '../../transport/quote.ts';
import { machineOf } from './subject.ts';

/** The static pods of a control plane, in the order in which they are stopped. */
export const COMPONENTS = 'kube-apiserver kube-controller-manager kube-scheduler etcd';

/** The beginning of every script of a restore: where it keeps what it needs, and how it says how far it has come. */
export function prologue(context: ActionContext<unknown>): string {
  return `set -u
umask 077
export LC_ALL=C
${ETCD_SHELL}
run=${quote(context.run)}
run=\${RUNBOOK_RUN:-$run}
work=${RESTORES}/$run
aside=/etc/kubernetes/runbook-restore-$run
snapshot=$work/snapshot.db
mkdir -p "$work" || exit
say() { printf '%s\\n' "$*"; }
refuse() { printf '%s\\n' "$*" >&2; exit 1; }
marked() { grep -qx "$1" "$work/state" 2>/dev/null; }
mark() { marked "$1" || printf '%s\\n' "$1" >> "$work/state" || exit; }
process() { own_pids "$1"; }
places() {
  dir=$(etcd_setting data-dir)
  [ -n "$dir" ] || refuse 'the configuration of etcd does not say its data-dir'
  side=$dir.
  if command -v mountpoint >/dev/null 2>&1 && mountpoint -q "$dir"; then side=$dir/; fi
  old=\${side}before-$run new=\${side}restore-$run
}
etcd_find
`;
}

export function hostOf(context: ActionContext<unknown>): EtcdHostFact | undefined {
  return machineOf(context).etcdHost;
}

/** What of it a machine has, as the beginning of a sentence. */
export function partsOf(context: ActionContext<unknown>): string {
  if (context.node.role !== 'control-plane') return 'etcd is';
  return hostOf(context)?.kind === undefined ? 'the control plane is' : 'etcd and the control plane are';
}

/** This run's restore has come so far on the node. */
export function isMarked(context: ActionContext<unknown>, stage: string): boolean {
  return hostOf(context)?.marks[context.run]?.includes(stage) ?? false;
}

/** Facts of the node with one more stage behind it. */
export function withMark(host: EtcdHostFact, run: string, stage: string): EtcdHostFact {
  const marks = host.marks[run] ?? [];
  return marks.includes(stage) ? host : { ...host, marks: { ...host.marks, [run]: [...marks, stage] } };
}

/** `cp-1=https://10.0.0.11:2380,...` of every machine that runs a member. */
export function initialCluster(context: ActionContext<unknown>): string {
  return context.nodes
    .flatMap(({ name }) => {
      const host = context.facts.nodes[name]?.etcdHost;
      return host?.kind === undefined ? [] : [`${host.name ?? ''}=${host.peerUrl ?? ''}`];
    })
    .join(',');
}
