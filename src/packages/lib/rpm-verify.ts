import { quote } from '../../transport/quote.ts';

/**
 * Shell lines that verify the package which was fetched into a folder, a shell word, by the repository's signing key in
 * a database of its own (rpmkeys(8)): the keys that the system trusts stay as they are. They need `fetch`.
 */
export function verifyRpm(folder: string, key: string): string {
  return `file=$(find ${folder} -name 'kubeadm-*.rpm' | head -n 1)
if [ -z "$file" ]; then echo 'no package of kubeadm was fetched' >&2; exit 1; fi
mkdir ${folder}/keys || exit
fetch ${quote(key)} ${folder}/key.asc || exit
rpm --dbpath ${folder}/keys --import ${folder}/key.asc || exit
if rpm --dbpath ${folder}/keys --checksig "$file" | grep -q 'signatures OK$'; then :; else
  echo ${quote(`the package is not signed by the key ${key}`)} >&2
  exit 1
fi
case $file in ${folder}/kubeadm-*) ;; *) mv "$file" ${folder}/ || exit ;; esac`;
}
