import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { OWN_PIDS } from '../../src/facts/lib/own-pids.ts';

const HASH = '8d0a1c5e7f9b42d38e6a5c4b3f2e1d0c';
const OTHER = '0123456789abcdef0123456789abcdef';
const UUID = '4f1d2c3b-5a69-4788-9a0b-c1d2e3f4a5b6';
const ID = 'c'.repeat(64);

/** What is printed of the processes 11, 12 ... of etcd, by their cgroups, with these folders of logs. */
function ownOf(cgroups: readonly string[], logs?: readonly string[]): string {
  const root = mkdtempSync(join(tmpdir(), 'own-pids-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  cgroups.forEach((text, index) => {
    mkdirSync(join(root, 'proc', String(11 + index)), { recursive: true });
    writeFileSync(join(root, 'proc', String(11 + index), 'cgroup'), `${text}\n`);
  });
  for (const name of logs ?? []) mkdirSync(join(root, 'pods', name), { recursive: true });
  const pids = cgroups.map((_, index) => 11 + index).join(' ');
  const tools = `pidof() { echo ${pids}; }\ncrictl() { case "$*" in *namespace=kube-system*name=etcd*) echo ${ID} ;; esac; }\n`;
  const text = OWN_PIDS.replaceAll('/proc/', `${root}/proc/`).replaceAll('/var/log/pods', `${root}/pods`);
  return execFileSync('/bin/sh', ['-c', `set -u\n${tools}${text}own_pids etcd || echo none`], {
    encoding: 'utf8',
  }).trim();
}

test.each([
  [
    'systemd driver, cgroup v2',
    `0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${HASH}.slice/cri-containerd-${ID}.scope`,
  ],
  [
    'cgroupfs driver, cgroup v1',
    `12:pids:/kubepods/burstable/pod${HASH}/${ID}\n1:name=systemd:/kubepods/burstable/pod${HASH}/${ID}`,
  ],
  ['below the cgroup of a node in a container', `0::/docker/abc/kubelet/kubepods/burstable/pod${HASH}/${ID}`],
  ['systemd unit', '0::/system.slice/etcd.service'],
  ['kubelet without cgroups for pods: by its container', `0::/system.slice/containerd.service/k8s.io/${ID}`],
])('a process of its own: %s', (_, cgroup) => {
  expect(ownOf([cgroup])).toBe('11');
});

test.each([
  [
    'another pod, systemd driver',
    `0::/kubepods.slice/kubepods-pod${UUID.replaceAll('-', '_')}.slice/cri-containerd-${ID}.scope`,
  ],
  ['another pod, cgroupfs driver', `4:memory:/kubepods/besteffort/pod${UUID}/${ID}`],
  ['a container without Kubernetes', `0::/system.slice/docker-${'d'.repeat(64)}.scope`],
  ["a user's", '0::/user.slice/user-1000.slice/session-3.scope'],
  ['another unit', '0::/system.slice/minio-etcd.service'],
])('a process of others: %s', (_, cgroup) => {
  expect(ownOf([cgroup])).toBe('none');
});

test('of two static pods the one with that name counts, and its process is found beside a tenant', () => {
  const pod = (uid: string) => `0::/kubepods/burstable/pod${uid}/${ID}`;
  const logs = [`kube-system_etcd-cp-1_${HASH}`, `kube-system_events-cp-1_${OTHER}`];
  expect(ownOf([pod(OTHER), pod(UUID), pod(HASH)], logs)).toBe('13');
  expect(ownOf([pod(HASH)], [logs[1] ?? ''])).toBe('11');
});
