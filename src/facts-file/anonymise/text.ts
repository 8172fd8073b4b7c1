import { isIPv4, isIPv6 } from 'node:net';
import type { Replacements } from './replacements.ts';
import { isWord } from './words.ts';

/** Who logs in, an address of a network card or of IPv6, or a word: a run of what names are made of. */
const PARTS =
  /(?:(?<=:\/\/)|(?<![^\s"'=,])(?=[^\s/:@"'=,]+:[^\s/@]+@(?!sha256:)))[^\s/]*@|(?<![\w:])[\dA-Fa-f]{2}(?::[\dA-Fa-f]{2}){5}(?![\w:])|(?<![\w.:])[\dA-Fa-f:]*:[\dA-Fa-f:.]*:[\dA-Fa-f:.]*(?!\w)|[\p{L}\d_](?:[\p{L}\d_.+~-]*[\p{L}\d_])?/gu;

/** Whose home a path is in. */
const HOME = /(?<=\/home\/)[\p{L}\d_][\p{L}\d_.-]*/gu;

const WORD = /[\p{L}\d_](?:[\p{L}\d_.+~-]*[\p{L}\d_])?/gu;

/** Words of commands and paths, which stay also where someone calls something by them. */
const ROLES =
  'etcd kubernetes kubelet kubeadm kubectl kube coredns containerd docker crio system default node nodes master control-plane worker true false root';
const STAYS = new Set(
  `${ROLES} kube-system kube-apiserver kube-controller-manager kube-scheduler kube-proxy var lib etc run usr local bin pki manifests stable core http https unix localhost tmp`.split(
    ' ',
  ),
);

const HOSTS = new Set(
  'registry.k8s.io k8s.gcr.io gcr.io quay.io docker.io ghcr.io pkgs.k8s.io packages.cloud.google.com download.docker.com cluster.local svc.cluster.local kubernetes.default kubernetes.default.svc kubernetes.default.svc.cluster.local in-addr.arpa ip6.arpa'.split(
    ' ',
  ),
);

/** The last part of a name that is a host's. */
const DOMAIN = /^[a-z]{2,}$/;
const FILE = /^(.+)\.(ya?ml|conf|crt|key|pem|json|list|repo|sources|service|socket|sock|env|gpg|asc|log|db|txt|sh)$/;
const NUMBER = /^\d{1,10}(\.\d+)?([munk]|[KMGTP]i?B?|[mun]?s|h|d)?$/;
const API_VERSION = /^v\d{1,2}((alpha|beta)\d{1,2})?$/;
const CARD = /^[\dA-F]{2}([:-][\dA-F]{2}){5}$/i;
const RANGE = /^(\d{1,3}\.){3}\d{1,3}([-~](\d{1,3}\.){3}\d{1,3})+$/;
/** `ip-10-1-2-3`, as clouds call machines. */
const DASHED = /(^|[A-Za-z]-)\d{1,3}(-\d{1,3}){3}$/;
const DURATION = /^(\d+(h|m|s|ms|us|ns))+$/;
const TIME = /^(\d{4}-\d\d-\d\d(T\d\d)?|\d\d(\.\d+)?Z)$/;
const HEX = /^(?=.*\d)[0-9a-f]{12,}$|^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const VERSION = /^(v?\d+(?:\.\d+)+(?:_\d+)?)([-+~.][\w.+~-]*)?$/;

/** Marks in versions that are of a distribution or a stage, not of a person. */
const MARK =
  /^(v?\d+|(el|fc|deb|ubuntu|bpo|dfsg|ds|rke2r|k3s|alpha|beta|rc|build|vmware|gke|eks|tke|aliyun|eksbuild|dev|git|r|p)\d*|[0-9a-f]{7})$/i;

/** A text of which every word is known to be no one's own, or is replaced. */
export function anonymousText(text: string, names: Replacements): string {
  // Also where someone is called by a word: mark, robin, will.
  const unowned = text.replaceAll(HOME, (user) => names.of(user, 'user'));
  return unowned.replaceAll(PARTS, (part) => {
    if (part.endsWith('@')) return login(part, names);
    if (CARD.test(part)) return card(part, names);
    if (!part.includes(':')) return wordOf(part, names);
    return isIPv6(part) ? names.ipv6(part) : part.replaceAll(WORD, (word) => wordOf(word, names));
  });
}

/** The parts of a version that are someone's own mark are replaced. */
export function anonymousVersion(text: string, names: Replacements): string {
  const [, epoch = '', rest = text] = /^(\d+:)?(.*)$/s.exec(text) ?? [];
  const [, release, suffix = ''] = VERSION.exec(rest) ?? [];
  if (release === undefined) return /^v?\d{0,9}$/.test(rest) ? text : anonymousText(text, names);
  return `${epoch}${release}${suffix.replaceAll(/[^-+~.]+/g, (mark) => (MARK.test(mark) ? mark : names.of(mark, 'word')))}`;
}

/** `user:password@`, whatever words they are. */
function login(text: string, names: Replacements): string {
  const [, user = '', password] = /^([^:]*)(?::(.*))?@$/s.exec(text) ?? [];
  const secret = password === undefined ? '' : `:${password === '' ? '' : names.of(password, 'secret')}`;
  return `${user === '' ? '' : names.of(user, 'user')}${secret}@`;
}

function card(text: string, names: Replacements): string {
  return names.of(
    text,
    'card',
    (number) => `02:00:00:00${(65_536 + number).toString(16).slice(-4).replaceAll(/../g, ':$&')}`,
  );
}

function wordOf(word: string, names: Replacements): string {
  if (STAYS.has(word)) return word;
  if (isIPv4(word)) return names.ipv4(word);
  if (RANGE.test(word)) return word.replaceAll(/[\d.]+/g, (address) => names.ipv4(address));
  const known = names.get(word);
  // A word of everyone is no one's name, and what rules look for; but a node is one and the same everywhere.
  if (known !== undefined && (!isWord(word) || known.startsWith('node-'))) return known;
  if (NUMBER.test(word) || DURATION.test(word) || TIME.test(word) || HOSTS.has(word)) return word;
  if (HEX.test(word)) return names.hex(word);
  if (VERSION.test(word)) return anonymousVersion(word, names);
  const ended = withKnownEnd(word, names);
  if (ended !== undefined) return ended;
  return isComposed(word) ? word : (withEnding(word, names) ?? own(word, names));
}

/** Of known words alone, and no host that could be someone's. */
function isComposed(word: string): boolean {
  if (DASHED.test(word) || CARD.test(word)) return false;
  const parts = word.split(/[-_.+~]+/).filter((part) => part !== '');
  if (!parts.every((part) => isWord(part) || /^\d{1,5}$/.test(part) || part.length === 1 || API_VERSION.test(part)))
    return false;
  return !isHost(word) || /(^|\.)(k8s|kubernetes)\.io$/.test(word);
}

function isHost(word: string): boolean {
  return /\.(io|com|net|org|local|internal|lan|corp|cloud|dev|test|example|home|arpa)$/i.test(word);
}

/** `kube-apiserver-cp-1`: a component of a node. */
function withKnownEnd(word: string, names: Replacements): string | undefined {
  for (let at = word.indexOf('-'); at !== -1; at = word.indexOf('-', at + 1)) {
    const end = names.get(word.slice(at + 1));
    if (end !== undefined && isComposed(word.slice(0, at))) return `${word.slice(0, at)}-${end}`;
  }
  return undefined;
}

/** A file keeps what it is. */
function withEnding(word: string, names: Replacements): string | undefined {
  const [, base, ending] = FILE.exec(word) ?? [];
  return base === undefined || ending === undefined ? undefined : `${wordOf(base, names)}.${ending}`;
}

function own(word: string, names: Replacements): string {
  const last = word.slice(word.lastIndexOf('.') + 1);
  if (!word.includes('.') || !DOMAIN.test(last)) return names.of(word, 'word');
  return names.of(word, 'host', (number) => `host-${number}.example`);
}
