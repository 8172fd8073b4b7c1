import { ETCD_SHELL } from './lib/etcd-shell.ts';
import type { Fact } from './fact.ts';

/** etcd on one machine, by its own files: no API server is asked. */
export interface EtcdHostFact {
  /** `pod`: a static pod, even if a restore moved its manifest; `unit`: systemd's etcd.service; undefined: none. */
  readonly kind?: 'pod' | 'unit';
  readonly running: boolean;
  /** A process of kube-apiserver runs here. */
  readonly apiServer: boolean;
  readonly name?: string;
  readonly dataDir?: string;
  /** There is data of a member in it. */
  readonly hasData: boolean;
  readonly peerUrl?: string;
  /** sha256 of the authority that etcd trusts; hex. */
  readonly ca?: string;
  /** In hexadecimal; only while it answers. */
  readonly clusterId?: string;
  /** Runs whose restore has moved the data before it to DATA-DIR.before-RUN, where they are. */
  readonly aside?: readonly string[];
  /** What restores have come to here, by run: `prepared`, `stopped`, `placing`, `restored`, `started`. */
  readonly marks: Readonly<Record<string, readonly string[]>>;
}

/** Where restores keep what they need on a node, by run: their state, the programs, the snapshot. */
export const RESTORES = '/var/lib/runbook-etcd';

/** etcd on one machine, read without any API server: a restore has none. */
export const etcdHost: Fact<EtcdHostFact> = {
  command: 'cat /etc/kubernetes/manifests/etcd.yaml; systemctl cat etcd; pidof etcd',
  remedy: 'Look at the etcd manifest or unit of that machine.',
  script: () => `${ETCD_SHELL}
etcd_find
echo "kind $kind"
[ -z "$pid" ] || echo 'running etcd'
if own_pids kube-apiserver >/dev/null; then echo 'running kube-apiserver'; fi
if [ "$kind" != none ]; then
  dir=$(etcd_setting data-dir)
  echo "name $(etcd_setting name)"
  echo "dir $dir"
  echo "peer $(etcd_setting initial-advertise-peer-urls)"
  if [ -n "$dir" ] && [ -e "$dir/member" ]; then echo 'data yes'; fi
  for found in "$dir".before-*/member "$dir"/before-*/member; do
    [ -e "$found" ] || continue
    found=\${found%/member}
    echo "aside \${found##*before-}"
  done
  ca=$(etcd_setting trusted-ca-file)
  [ -n "$ca" ] && [ -r "$ca" ] && echo "ca $(sha256sum < "$ca" | cut -d' ' -f1)"
  if [ -n "$pid" ] && tool=$(etcd_tool etcdctl); then
    etcd_access
    "$tool" $access --command-timeout=4s endpoint status -w json 2>/dev/null | sed -n 's/.*"cluster_id":\\([0-9]*\\).*/cluster \\1/p'
  fi
fi
for file in ${RESTORES}/*/state; do
  [ -f "$file" ] || continue
  mark=\${file%/state}
  sed "s|^|mark \${mark##*/} |" "$file"
done
true`,
  parse: parseEtcdHost,
};

function parseEtcdHost(output: string): EtcdHostFact {
  const lines = output.split('\n').map((line) => line.trim());
  const all = (word: string) =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1).trim());
  const one = (word: string) => all(word)[0] || undefined;
  const kind = one('kind');
  const marks: Record<string, string[]> = {};
  for (const [run = '', stage = ''] of all('mark').map((line) => line.split(' '))) (marks[run] ??= []).push(stage);
  const [name, dataDir, peerUrl, ca, cluster] = ['name', 'dir', 'peer', 'ca', 'cluster'].map(one);
  return {
    ...(kind === 'pod' || kind === 'unit' ? { kind } : {}),
    running: all('running').includes('etcd'),
    apiServer: all('running').includes('kube-apiserver'),
    hasData: one('data') === 'yes',
    ...(name === undefined ? {} : { name }),
    ...(dataDir === undefined ? {} : { dataDir }),
    ...(peerUrl === undefined ? {} : { peerUrl }),
    ...(ca === undefined ? {} : { ca }),
    ...(all('aside').length === 0 ? {} : { aside: all('aside') }),
    ...(cluster === undefined ? {} : { clusterId: BigInt(cluster).toString(16) }),
    marks,
  };
}
