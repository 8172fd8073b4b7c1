import { dpkgDeb } from '../archives.ts';
import { date } from '../date.ts';
import { crictl } from '../images.ts';
import { kubectl } from '../kubectl/kubectl.ts';
import { cpio, rpm2cpio } from '../rpm-archives.ts';
import { plainTools } from '../shell/plain-tools.ts';
import type { ToolSet } from '../shell/shell.ts';
import { wrappers } from '../shell/wrappers.ts';
import { aptGet } from './apt.ts';
import { aptCache, aptMark, dpkg, dpkgQuery, fetcher } from './dpkg.ts';
import { dnf } from './dnf.ts';
import { etcdctl } from './etcdctl.ts';
import { etcdutl } from './etcd-snapshot.ts';
import { gpg } from './gpg.ts';
import { kubeadm } from './kubeadm.ts';
import { openssl } from './openssl.ts';
import { rpm } from './rpm.ts';
import { journalctl, kubelet, reboot, systemctl } from './systemctl.ts';
import { zypper } from './zypper.ts';

/** Every simulated program by name. */
export const tools: ToolSet = {
  plain: {
    ...wrappers,
    ...plainTools,
    gpg,
    openssl,
    date,
    'dpkg-deb': dpkgDeb,
    rpm2cpio,
    cpio,
    journalctl,
    curl: fetcher('curl'),
    wget: fetcher('wget'),
  },
  audited: {
    kubeadm,
    kubectl,
    kubelet,
    'apt-get': aptGet,
    'apt-mark': aptMark,
    'apt-cache': aptCache,
    'dpkg-query': dpkgQuery,
    dpkg,
    dnf,
    rpm,
    zypper,
    systemctl,
    etcdctl,
    etcdutl,
    crictl,
    reboot,
  },
};
