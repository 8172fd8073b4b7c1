import type { Machine } from '../machine.ts';
import { hostOf, isReachable } from '../network.ts';
import { offeredBy } from '../offers.ts';
import { compareVersions } from '../releases.ts';
import { runtimeOffers, runtimeRepository } from '../runtime-packages.ts';
import { fetchRpm } from './rpm-repositories.ts';

export interface RepositorySource {
  readonly file: string;
  /** With a trailing slash. */
  readonly url: string;
  readonly minor: string;
  readonly signedBy?: string;
}

const repositoryUrl = /core:\/(?:stable|prerelease):\/v(1\.\d+)\/deb\/?/;

export interface Offer {
  readonly revision: string;
  readonly url: string;
}

/** Where apt reads its sources from; a folder that is not there has none. */
export interface SourcePlaces {
  readonly list: string;
  readonly parts: string;
}

const usual: SourcePlaces = { list: '/etc/apt/sources.list', parts: '/etc/apt/sources.list.d' };

/** As `-o Dir::Etc::sourcelist=FILE -o Dir::Etc::sourceparts=FOLDER` say. */
export function placesOf(settings: readonly string[]): SourcePlaces {
  const value = (name: string) =>
    settings.find((setting) => setting.toLowerCase().startsWith(`dir::etc::${name}=`))?.replace(/^[^=]*=/, '');
  return { list: value('sourcelist') ?? usual.list, parts: value('sourceparts') ?? usual.parts };
}

/** What apt knows of a package, newest first: lists of the sources configured now, as their last update left them. */
export async function offersOf(machine: Machine, name: string, places = usual): Promise<Offer[]> {
  const sources = await readSources(machine, places);
  const offers = sources.flatMap(({ url }) =>
    (machine.aptLists.get(url)?.get(name) ?? []).map((revision) => ({ revision, url })),
  );
  const ofRuntime = runtimeOffers(machine, name).map((revision) => ({ revision, url: runtimeRepository(name) }));
  return [...offers, ...ofRuntime].sort((a, b) => compareVersions(b.revision, a.revision));
}

/** Kubernetes sources as apt would read them: enabled one-line and deb822 entries. */
export async function readSources(machine: Machine, { list, parts } = usual): Promise<RepositorySource[]> {
  const names = parts.startsWith('/') && (await machine.fs.exists(parts)) ? await machine.fs.readdir(parts) : [];
  const files = [list, ...names.filter((name) => /\.(list|sources)$/.test(name)).map((name) => `${parts}/${name}`)];
  const sources: RepositorySource[] = [];
  for (const file of files) {
    if (!(await machine.fs.exists(file))) continue;
    const text = await machine.fs.readFile(file);
    sources.push(...(file.endsWith('.sources') ? deb822(file, text) : oneLine(file, text)));
  }
  return sources;
}

function oneLine(file: string, text: string): RepositorySource[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s/.exec(line);
    const url = match?.[2] ?? '';
    const minor = repositoryUrl.exec(url)?.[1];
    if (minor === undefined) return [];
    const signedBy = /signed-by=(\S+)/.exec(match?.[1] ?? '')?.[1];
    return [source(file, url, minor, signedBy)];
  });
}

function deb822(file: string, text: string): RepositorySource[] {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'im').exec(stanza)?.[1]?.trim();
    const url = field('URIs') ?? '';
    const minor = repositoryUrl.exec(url)?.[1];
    if (minor === undefined || field('Enabled') === 'no') return [];
    return [source(file, url, minor, field('Signed-By'))];
  });
}

function source(file: string, url: string, minor: string, signedBy: string | undefined): RepositorySource {
  return { file, url: url.replace(/\/?$/, '/'), minor, ...(signedBy === undefined ? {} : { signedBy }) };
}

export interface FetchedFile {
  readonly text: string;
}

const architecture = 'amd64';

/** What a mirror with the community layout answers for an address; undefined: 404. */
export async function fetchFromRepository(machine: Machine, url: string): Promise<FetchedFile | undefined> {
  if (!(await isReachable(machine, hostOf(url)))) return undefined;
  const [, rpmMinor, rpmName] = /core:\/(?:stable|prerelease):\/v(1\.\d+)\/rpm\/(.*)$/.exec(url) ?? [];
  const text = fetchRpm(machine, rpmMinor ?? '', rpmName ?? '');
  if (text !== undefined) return { text };
  const [, minor, name] = /core:\/(?:stable|prerelease):\/v(1\.\d+)\/deb\/(.*)$/.exec(url) ?? [];
  const packages = minor === undefined ? undefined : offeredBy(machine, minor);
  if (!packages || minor === undefined) return undefined;
  switch (name) {
    case 'Release.key':
      return {
        text: `-----BEGIN PGP PUBLIC KEY BLOCK-----\nComment: isv:kubernetes:core:stable:v${minor}\n\nbGFi\n-----END PGP PUBLIC KEY BLOCK-----\n`,
      };
    case 'InRelease':
    case 'Release':
      return {
        text: `Origin: obs://build.opensuse.org/isv:kubernetes:core:stable:v${minor}/deb\nLabel: isv:kubernetes:core:stable:v${minor}\nArchitectures: all amd64 arm64\nSuite: \n`,
      };
    case 'Packages':
      return {
        text: Object.entries(packages)
          .flatMap(([pkg, revisions]) => revisions.map((revision) => stanza(pkg, revision)))
          .join('\n'),
      };
    default:
      return undefined;
  }
}

function stanza(name: string, revision: string): string {
  return `Package: ${name}\nVersion: ${revision}\nArchitecture: ${architecture}\nMaintainer: Kubernetes Authors <dev@kubernetes.io>\nFilename: ${architecture}/${name}_${revision}_${architecture}.deb\nSize: 12345678\n`;
}
