import { isStepOf } from '../actions/bound-step.ts';
import { etcdRestore } from '../actions/etcd-restore.ts';
import type { Guard } from './guard.ts';
import { RESTORE_SOURCE } from './lib/etcd-snapshot.ts';
import { findingOf } from './lib/subject.ts';

/** A member that runs on old data would bring them into the restored cluster. */
export const etcdMembersStopped: Guard = {
  id: 'etcd-members-stopped',
  title: 'No member of etcd runs while one is restored',
  source: RESTORE_SOURCE,
  facts: ['etcdHost'],
  scope: 'step',
  ofSteps: true,
  lasting: true,
  everywhere: true,
  binding: 'the members would not agree on what their data are',
  check: ({ step, before, run }) =>
    !isStepOf(step, etcdRestore)
      ? []
      : Object.entries(before.nodes)
          .filter(([, facts]) => facts.etcdHost?.running === true)
          .map(([node, facts]) =>
            findingOf(etcdMembersStopped, {
              node,
              severity: 'refuse',
              summary: `etcd runs on ${node}${facts.etcdHost?.dataDir === undefined ? '' : ` (its data are in ${facts.etcdHost.dataDir})`}: nothing is restored while a member runs`,
              remedy:
                facts.etcdHost?.kind === 'unit'
                  ? 'Someone has started it: `systemctl stop etcd` there, then `runbook resume`.'
                  : `Someone has started it: move etcd.yaml out of /etc/kubernetes/manifests there (to /etc/kubernetes/runbook-restore-${run ?? 'RUN'}), then \`runbook resume\`.`,
            }),
          ),
};
