import { authorities, certificateText, clientCertificateData, kubeletCertificate, keyOf } from '../certificates.ts';
import { kubeconfigText, putFile } from '../machine-files.ts';
import type { Machine } from '../machine.ts';
import type { TwinNodeFacts } from './document.ts';

const pki = '/etc/kubernetes/pki';
const users: Readonly<Record<string, string>> = {
  '/etc/kubernetes/admin.conf': 'kubernetes-admin',
  '/etc/kubernetes/super-admin.conf': 'kubernetes-super-admin',
  '/etc/kubernetes/controller-manager.conf': 'system:kube-controller-manager',
  '/etc/kubernetes/scheduler.conf': 'system:kube-scheduler',
};

/** Each certificate with its end, which authorities' keys are there, and the kubeconfigs of a control plane. */
export async function writeCertificates(machine: Machine, facts: TwinNodeFacts): Promise<void> {
  const { certificates, adminConf } = facts;
  if (certificates) await replaceAll(machine, certificates);
  if (adminConf?.present === false) await machine.fs.rm('/etc/kubernetes/admin.conf', { force: true });
  if (adminConf?.present && !(await machine.fs.exists('/etc/kubernetes/admin.conf')))
    await putFile(
      machine,
      '/etc/kubernetes/admin.conf',
      kubeconfigText(`https://${machine.apiEndpoint}`, 'kubernetes-admin', { data: 'TGFi' }),
      0o600,
    );
  if (adminConf?.admin === false) machine.adminMayAll = false;
}

async function replaceAll(
  machine: Machine,
  { files, keys, unfinished }: NonNullable<TwinNodeFacts['certificates']>,
): Promise<void> {
  const kept = new Set(files.map(({ path }) => path));
  for (const path of machine.fs.getAllPaths())
    if (path.startsWith(`${pki}/`) && path.endsWith('.crt') && !kept.has(path))
      await machine.fs.rm(path, { force: true });
  for (const path of Object.keys(users)) if (!kept.has(path)) await machine.fs.rm(path, { force: true });
  for (const { path, notAfter } of files) {
    const end = notAfter * 1000;
    const user = users[path] ?? 'kubernetes-admin';
    if (path === kubeletCertificate || path === '/etc/kubernetes/kubelet.conf') continue;
    if (path.endsWith('.conf'))
      await putFile(
        machine,
        path,
        kubeconfigText(`https://${machine.apiEndpoint}`, user, { data: clientCertificateData(end, user) }),
        0o600,
      );
    else await putFile(machine, path, certificateText(end, `CN = ${path.replace(/^.*\/|\.crt$/g, '')}`));
  }
  if (keys)
    for (const path of [...Object.keys(authorities).map(keyOf), ...keys])
      if (keys.includes(path)) await putFile(machine, path, 'a key of the lab\n', 0o600);
      else await machine.fs.rm(path, { force: true });
  if (unfinished) await putFile(machine, '/run/runbook-certificates-renewed', '');
}
