import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it, onTestFinished } from 'vitest';
import { etcd } from '../../src/facts/etcd.ts';
import type { EtcdFact } from '../../src/facts/etcd.ts';
import { fixture } from './fixture.ts';

const [members = '', health = '', status = ''] = fixture('etcd.txt').split('\n');
const options = { kubeconfig: '/etc/kubernetes/admin.conf' };

/** What etcdctl answers, whoever calls it. */
const answers = `case "$*" in
*'member list'*) echo '${members}' ;;
*'endpoint health --cluster'*) echo '${health}'; exit 1 ;;
*'endpoint status --cluster'*) echo '${status}' ;;
*'alarm list'*) echo '{"header":{}}' ;;
esac`;

/** The script in a real shell, with programs of these names in place of the real ones; and what was called. */
async function run(programs: Readonly<Record<string, string>>): Promise<{ fact: EtcdFact; calls: string[] }> {
  const dir = await mkdtemp(join(tmpdir(), 'runbook-etcd-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const log = join(dir, 'calls');
  await writeFile(log, '');
  for (const [name, body] of Object.entries(programs)) {
    await writeFile(join(dir, name), `#!/bin/sh\nprintf '%s\\n' "${name} $*" >>"${log}"\n${body}\n`);
    await chmod(join(dir, name), 0o755);
  }
  const { stdout } = await execa('sh', ['-c', etcd.script(options)], {
    env: { PATH: `${dir}:/usr/bin:/bin` },
    extendEnv: false,
  });
  const { stdout: calls } = await execa('cat', [log]);
  return { fact: etcd.parse(stdout, options), calls: calls.split('\n') };
}

it('asks a pod that is Ready, the next one where that does not answer, and takes answers that come with an error', async () => {
  const kubectl = `case "$*" in
*'get pods'*) printf 'etcd-cp1 False\\netcd-cp2 True\\netcd-cp3 True\\n' ;;
*'exec etcd-cp2'*) echo 'error: unable to upgrade connection' >&2; exit 1 ;;
*'exec etcd-cp3'*) ${answers} ;;
*) exit 1 ;;
esac`;
  const { fact, calls } = await run({ kubectl });
  expect(fact).toMatchObject({ external: false, source: 'etcd-cp3' });
  expect(fact.members.map(({ name, healthy }) => [name, healthy])).toEqual([
    ['cp3', true],
    ['cp1', true],
    ['cp2', true],
  ]);
  expect(calls.some((call) => call.includes('exec etcd-cp1'))).toBe(false);
  expect(calls.filter((call) => call.includes('exec etcd-cp3'))).toHaveLength(4);
  expect(calls.at(-1)).toContain(
    'exec etcd-cp3 -c etcd -- etcdctl --endpoints=https://127.0.0.1:2379 --cacert=/etc/kubernetes/pki/etcd/ca.crt --cert=/etc/kubernetes/pki/etcd/healthcheck-client.crt --key=/etc/kubernetes/pki/etcd/healthcheck-client.key --command-timeout=4s --dial-timeout=2s alarm list -w json',
  );
});

it('asks the container on this machine where no pod can be entered, and says so where that is not there either', async () => {
  const kubectl = `case "$*" in
*'get pods'*) printf 'etcd-cp1 True\\n' ;;
*) exit 1 ;;
esac`;
  const crictl = `case "$1" in
ps) echo abc123 ;;
exec) ${answers} ;;
esac`;
  const { fact, calls } = await run({ kubectl, crictl });
  expect(fact).toMatchObject({ source: 'crictl' });
  expect(fact.members).toHaveLength(3);
  expect(calls.find((call) => call.startsWith('crictl exec'))).toMatch(/^crictl exec abc123 etcdctl --endpoints/);
  const { fact: silent } = await run({ kubectl, crictl: 'exit 1' });
  expect(silent.error).toBe('none of the pods answered: etcd-cp1');
});

it('asks an external etcd with the certificates of kubeadm-config, where there is an etcdctl', async () => {
  const configuration = `etcd:
  external:
    caFile: /etc/kubernetes/pki/etcd-ca.crt
    certFile: /etc/kubernetes/pki/etcd-client.crt
    endpoints:
    - https://10.0.0.5:2379
    - https://10.0.0.6:2379
    keyFile: /etc/kubernetes/pki/etcd-client.key
imageRepository: registry.k8s.io`;
  const kubectl = `case "$*" in
*'get pods'*) ;;
*'get configmap kubeadm-config'*) cat <<'END'
${configuration}
END
;;
*) exit 1 ;;
esac`;
  const { fact, calls } = await run({ kubectl, etcdctl: answers });
  expect(fact).toMatchObject({ external: true, source: 'https://10.0.0.5:2379,https://10.0.0.6:2379' });
  expect(fact.members).toHaveLength(3);
  expect(calls).toContain(
    'etcdctl --endpoints=https://10.0.0.5:2379,https://10.0.0.6:2379 --cacert=/etc/kubernetes/pki/etcd-ca.crt --cert=/etc/kubernetes/pki/etcd-client.crt --key=/etc/kubernetes/pki/etcd-client.key --command-timeout=4s --dial-timeout=2s member list -w json',
  );
  const { fact: without } = await run({ kubectl });
  expect(without).toMatchObject({ external: true, members: [], error: 'there is no etcdctl on this machine' });
});

it('is no failure where nothing can be read', async () => {
  expect((await run({ kubectl: 'exit 1' })).fact.error).toBe('the pods of etcd could not be read');
  const { fact } = await run({ kubectl: `case "$*" in *configmap*) echo 'kind: ClusterConfiguration' ;; esac` });
  expect(fact).toEqual({
    external: false,
    members: [],
    error: 'no pod of etcd, and no external one in kubeadm-config',
  });
});
