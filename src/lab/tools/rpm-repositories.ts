import { rpmPackages } from '../distribution.ts';
import type { Machine } from '../machine.ts';

/** Of dnf, and of zypper. */
const folders = ['/etc/yum.repos.d', '/etc/zypp/repos.d'];

/** One section of a .repo file. */
export interface RpmRepository {
  readonly id: string;
  readonly file: string;
  /** With a trailing slash. */
  readonly url: string;
  readonly minor: string;
  readonly enabled: boolean;
  readonly excludes: readonly string[];
}

/** The Kubernetes repositories of a machine, enabled or not. */
export async function readRepositories(machine: Machine, ...places: readonly string[]): Promise<RpmRepository[]> {
  const found: RpmRepository[] = [];
  for (const folder of places.length > 0 ? places : folders) {
    const names = (await machine.fs.exists(folder)) ? await machine.fs.readdir(folder) : [];
    for (const name of names.filter((each) => each.endsWith('.repo'))) {
      const text = await machine.fs.readFile(`${folder}/${name}`);
      for (const section of text.split(/^(?=\[)/m)) found.push(...repository(`${folder}/${name}`, section));
    }
  }
  return found;
}

function repository(file: string, section: string): RpmRepository[] {
  const field = (name: string) => new RegExp(`^${name}\\s*=\\s*(.*)$`, 'm').exec(section)?.[1]?.trim();
  const id = /^\[([^\]]+)\]/.exec(section)?.[1];
  const url = field('baseurl');
  const minor = /core:\/(?:stable|prerelease):\/v(1\.\d+)\/rpm\/?/.exec(url ?? '')?.[1];
  if (id === undefined || url === undefined || minor === undefined) return [];
  const excludes = (field('exclude') ?? field('excludepkgs') ?? '').split(/[\s,]+/).filter(Boolean);
  return [{ id, file, url: url.replace(/\/?$/, '/'), minor, enabled: field('enabled') !== '0', excludes }];
}

/** What a mirror answers below `v1.32/rpm/`; its index is not packed, which createrepo can do as well. */
export function fetchRpm(machine: Machine, minor: string, name: string): string | undefined {
  const packages = rpmPackages(machine, minor);
  if (!packages) return undefined;
  switch (name) {
    case 'repodata/repomd.xml.key':
      return `-----BEGIN PGP PUBLIC KEY BLOCK-----\nComment: isv:kubernetes:core:stable:v${minor}\n\nbGFi\n-----END PGP PUBLIC KEY BLOCK-----\n`;
    case 'repodata/repomd.xml':
      return `<?xml version="1.0" encoding="UTF-8"?>\n<repomd xmlns="http://linux.duke.edu/metadata/repo">\n  <data type="primary">\n    <location href="repodata/primary.xml"/>\n  </data>\n</repomd>\n`;
    case 'repodata/primary.xml':
      return `<?xml version="1.0" encoding="UTF-8"?>\n<metadata xmlns="http://linux.duke.edu/metadata/common">\n${[...packages].flatMap(([pkg, revisions]) => revisions.map((revision) => entry(pkg, revision))).join('')}</metadata>\n`;
    default:
      return undefined;
  }
}

function entry(name: string, revision: string): string {
  const [version = '', release = ''] = revision.split('-');
  return `<package type="rpm">\n  <name>${name}</name>\n  <arch>x86_64</arch>\n  <version epoch="0" ver="${version}" rel="${release}"/>\n</package>\n`;
}
