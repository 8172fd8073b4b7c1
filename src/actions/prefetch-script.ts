import { fetchFunctions } from '../facts/fetch.ts';
import { findArchives, findRuntime, prefetchFolder } from '../facts/prefetched.ts';
import { APT_PATIENCE } from './apt.ts';
import { updateFunction } from './package-repo-script.ts';
import { quote } from './shell.ts';

/** Gone at the script's end; what an earlier one left that was cut off is taken away first. */
const WORK = `${prefetchFolder}/prefetch`;
const LIST = `${WORK}/target.list`;

export interface PackagesToFetch {
  /** With a trailing slash. */
  readonly url: string;
  /** The file with the signing key of the configured source, if it names one. */
  readonly keyring?: string;
  /** `kubeadm=1.32.9-1.1`, one for each package. */
  readonly wanted: readonly string[];
}

export interface ImagesToFetch {
  readonly version: string;
  /** Last components of the names that this node needs. */
  readonly names: readonly string[];
  /** Without its program's path; see {@link kubeadmOf}. */
  readonly listArguments: string;
  /** Revision of the release's kubeadm, whose archive is taken apart where it is not installed. */
  readonly revision: string;
}

/** Fetches without touching what the node runs or is configured with: the package source stays, nothing is unpacked outside of a folder of its own. */
export function prefetchScript(packages: PackagesToFetch | undefined, images: ImagesToFetch | undefined): string {
  return [
    `set -u
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
umask 022
rm -rf ${WORK}
mkdir -p ${WORK}/parts || exit
trap 'rm -rf ${WORK}' EXIT HUP INT TERM`,
    ...(packages ? [fetchFunctions, updateFunction(LIST), fetchPackages(packages)] : []),
    ...(images ? [findArchives, findRuntime, kubeadmOf(images), fetchImages(images)] : []),
    'exit 0\n',
  ].join('\n\n');
}

/**
 * The node's other sources are there too, as their lists are now: a dependency may be theirs. apt keeps the archives where the later
 * install looks for them, and checks them there once more.
 */
function fetchPackages({ url, keyring, wanted }: PackagesToFetch): string {
  const entry = (file: string | undefined) => quote(`deb ${file === undefined ? '' : `[signed-by=${file}] `}${url} /`);
  const options = [
    `-o Dir::Etc::sourcelist=${LIST}`,
    `-o Dir::Etc::sourceparts=${WORK}/parts`,
    `-o Dir::Cache::pkgcache=${WORK}/pkgcache.bin`,
    `-o Dir::Cache::srcpkgcache=${WORK}/srcpkgcache.bin`,
  ].join(' ');
  return `for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
  if [ -f "$file" ]; then grep -v 'core:/[a-z]*:/v1\\.' "$file" >"${WORK}/parts/\${file##*/}" || :; fi
done
for file in /etc/apt/sources.list.d/*.sources; do
  if [ -f "$file" ] && ! grep -q 'core:/[a-z]*:/v1\\.' "$file"; then cp "$file" ${WORK}/parts/; fi
done
printf '%s\\n' ${entry(keyring)} >${LIST} || exit
if update; then rc=0; else rc=$?; fi
${keyring === undefined ? '' : tryOtherKey(url, entry(`${WORK}/key.gpg`))}if [ "$rc" -ne 0 ]; then
  echo ${quote(`${url} cannot be read: nothing was fetched, nothing was changed`)} >&2
  exit "$rc"
fi
apt-get -y -q ${APT_PATIENCE} ${options} --allow-change-held-packages --download-only install ${wanted.map(quote).join(' ')} || {
  rc=$?
  echo ${quote(`these packages cannot be fetched from ${url}: ${wanted.join(' ')}`)} >&2
  exit "$rc"
}`;
}

/** The keyring that is there may have expired for the new release. */
function tryOtherKey(url: string, entry: string): string {
  return `if [ "$rc" -ne 0 ] && fetch ${quote(`${url}Release.key`)} ${WORK}/key && gpg --batch --yes --dearmor -o ${WORK}/key.gpg ${WORK}/key; then
  echo 'trying the signing key that the repository has now' >&2
  printf '%s\\n' ${entry} >${LIST}
  if update; then rc=0; else rc=$?; fi
fi
`;
}

/** Sets `kubeadm` to a program of just the release. */
function kubeadmOf({ revision, version }: ImagesToFetch): string {
  // The archive of a package with an epoch has it in its name; a folder on /tmp may not be one to run programs from.
  return `kubeadm=kubeadm
if [ "$(kubeadm version -o short 2>/dev/null)" != ${quote(`v${version}`)} ]; then
  for deb in "$archives"/kubeadm_${revision}_*.deb "$archives"/kubeadm_*%3a${revision}_*.deb; do
    if [ -f "$deb" ]; then dpkg-deb -x "$deb" ${WORK}/kubeadm || exit; fi
  done
  kubeadm=${WORK}/kubeadm/usr/bin/kubeadm
fi`;
}

function fetchImages({ names, version, listArguments }: ImagesToFetch): string {
  const list = `${prefetchFolder}/images-v${version}`;
  return `images=$("$kubeadm" ${listArguments}) || { echo ${quote(`kubeadm ${version} does not tell its images`)} >&2; exit 1; }
if command -v crictl >/dev/null 2>&1; then
  present() { cri inspecti "$1" >/dev/null 2>&1; }
  pull() { cri pull "$1"; }
elif command -v ctr >/dev/null 2>&1; then
  present() { ctr -n k8s.io images ls -q | grep -Fqx "$1"; }
  pull() { ctr -n k8s.io images pull --hosts-dir /etc/containerd/certs.d "$1" >/dev/null; }
else
  echo 'there is neither crictl nor ctr to fetch images with: install cri-tools, or go without (images: false)' >&2
  exit 127
fi
missing=
: >${WORK}/images || exit
for image in $images; do
  name=\${image##*/}
  case " ${names.join(' ')} " in *" \${name%%:*} "*) ;; *) continue ;; esac
  printf '%s\\n' "$image" >>${WORK}/images || exit
  if present "$image"; then continue; fi
  left=2
  until pull "$image"; do
    if [ "$left" -eq 0 ]; then missing="$missing $image"; break; fi
    left=$((left - 1))
    sleep 2
  done
done
if [ -n "$missing" ]; then
  echo "these images cannot be fetched:$missing" >&2
  echo 'Let this node reach their registry, load them by hand (ctr -n k8s.io images import FILE), or go without (images: false).' >&2
  exit 1
fi
rm -f ${prefetchFolder}/images-v*
mv -f ${WORK}/images ${quote(list)} || exit`;
}
