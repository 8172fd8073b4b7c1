import { compareVersions } from '../releases.ts';
import type { Tool, ToolContext } from '../shell/shell.ts';
import { fetchFromRepository, offersOf, readSources } from './repositories.ts';
import { conffilePrompt } from './apt.ts';

const descriptions: Readonly<Record<string, string>> = {
  kubeadm: 'Command-line utility for administering a Kubernetes cluster',
  kubectl: 'Command-line utility for interacting with a Kubernetes cluster',
  kubelet: 'Node agent for Kubernetes clusters',
  'kubernetes-cni': 'Binaries required to provision kubernetes container networking',
  'cri-tools': 'Command-line utility for interacting with a container runtime',
};

export const aptMark: Tool = (context) => {
  const [verb = '', ...names] = context.args.filter((arg) => !arg.startsWith('-'));
  const { packages } = context.machine;
  if (verb === 'showhold') {
    const held = [...packages]
      .filter(([name, pkg]) => pkg.held && (names.length === 0 || names.includes(name)))
      .map(([name]) => name);
    context.out(
      held
        .sort()
        .map((name) => `${name}\n`)
        .join(''),
    );
    return 0;
  }
  if (verb !== 'hold' && verb !== 'unhold') {
    context.err(`E: Invalid operation ${verb}\n`);
    return 100;
  }
  if (context.uid !== 0) {
    context.err(
      'E: Could not create temporary file for /var/lib/apt/extended_states - mkstemp (13: Permission denied)\n',
    );
    return 100;
  }
  for (const name of names) {
    const pkg = packages.get(name);
    if (!pkg) {
      context.err(`E: Unable to locate package ${name}\n`);
      return 100;
    }
    const hold = verb === 'hold';
    if (pkg.held === hold)
      context.out(hold ? `${name} was already set on hold.\n` : `${name} was already not on hold.\n`);
    else context.out(hold ? `${name} set on hold.\n` : `Canceled hold on ${name}.\n`);
    pkg.held = hold;
  }
  return 0;
};

export const aptCache: Tool = async (context) => {
  const words = context.args.filter((arg, i) => !arg.startsWith('-') && context.args[i - 1] !== '-o');
  const [verb = '', ...names] = words;
  const { packages } = context.machine;
  if (verb !== 'madison' && verb !== 'policy') {
    context.err(`E: Invalid operation ${verb} (the lab does not simulate it)\n`);
    return 100;
  }
  for (const name of names) {
    const known = await offersOf(context.machine, name);
    const place = (url: string) => `${url.replace(/\/$/, '')}  Packages`;
    if (verb === 'madison') {
      context.out(known.map((entry) => `${name.padStart(10)} | ${entry.revision} | ${place(entry.url)}\n`).join(''));
      continue;
    }
    const installed = packages.get(name)?.revision;
    const rows = known.map(
      (entry) =>
        ` ${entry.revision === installed ? '***' : '   '} ${entry.revision} 500\n        500 ${place(entry.url)}\n${entry.revision === installed ? '        100 /var/lib/dpkg/status\n' : ''}`,
    );
    if (installed !== undefined && !known.some((entry) => entry.revision === installed))
      rows.push(` *** ${installed} 100\n        100 /var/lib/dpkg/status\n`);
    const candidate = [...known.map((entry) => entry.revision), ...(installed === undefined ? [] : [installed])].sort(
      (a, b) => compareVersions(b, a),
    )[0];
    context.out(
      `${name}:\n  Installed: ${installed ?? '(none)'}\n  Candidate: ${candidate ?? '(none)'}\n  Version table:\n${rows.join('')}`,
    );
  }
  return 0;
};

function statusAbbrev(context: ToolContext, name: string): string {
  const pkg = context.machine.packages.get(name);
  return pkg ? `${pkg.held ? 'h' : 'i'}${pkg.state} ` : '';
}

export const dpkgQuery: Tool = (context) => {
  const args = [...context.args];
  const at = args.findIndex((arg) => /^(-f|--showformat)/.test(arg));
  let format = '${Package}\\t${Version}\\n';
  if (at >= 0) {
    const flag = args[at] ?? '';
    const joined = /^(?:-f=?|--showformat=)([\s\S]+)$/.exec(flag)?.[1];
    format = joined ?? args[at + 1] ?? format;
    args.splice(at, joined === undefined ? 2 : 1);
  }
  const names = args.filter((arg) => !arg.startsWith('-'));
  if (args.includes('-l') || args.includes('--list')) return list(context, names);
  let code = 0;
  for (const name of names.length > 0 ? names : [...context.machine.packages.keys()]) {
    const pkg = context.machine.packages.get(name);
    if (!pkg) {
      context.err(`dpkg-query: no packages found matching ${name}\n`);
      code = 1;
      continue;
    }
    const fields: Readonly<Record<string, string>> = {
      Package: name,
      'binary:Package': name,
      Version: pkg.revision,
      Architecture: 'amd64',
      'db:Status-Abbrev': statusAbbrev(context, name),
      'db:Status-Want': pkg.held ? 'hold' : 'install',
      'db:Status-Status': pkg.state === 'i' ? 'installed' : 'unpacked',
      Status: `${pkg.held ? 'hold' : 'install'} ok ${pkg.state === 'i' ? 'installed' : 'unpacked'}`,
    };
    context.out(
      format
        .replace(/\$\{([^};]+)(?:;-?\d+)?\}/g, (_, field: string) => fields[field] ?? '')
        .replaceAll(String.raw`\n`, '\n')
        .replaceAll(String.raw`\t`, '\t'),
    );
  }
  return code;
};

function list(context: ToolContext, names: readonly string[]): number {
  const rows = [...context.machine.packages]
    .filter(([name]) => names.length === 0 || names.includes(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  if (rows.length === 0) {
    context.err(`dpkg-query: no packages found matching ${names.join(' ')}\n`);
    return 1;
  }
  context.out(
    'Desired=Unknown/Install/Remove/Purge/Hold\n| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend\n|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)\n||/ Name           Version      Architecture Description\n+++-==============-============-============-=================================\n',
  );
  for (const [name, pkg] of rows)
    context.out(
      `${statusAbbrev(context, name)} ${name.padEnd(14)} ${pkg.revision.padEnd(12)} amd64        ${descriptions[name] ?? ''}\n`,
    );
  return 0;
}

export const dpkg: Tool = (context) => {
  const { args, machine } = context;
  const unpacked = [...machine.packages].filter(([, pkg]) => pkg.state !== 'i').map(([name]) => name);
  if (args.includes('--audit') || args.includes('-C')) {
    if (unpacked.length > 0)
      context.out(
        `The following packages have been unpacked but not yet configured.\nThey must be configured using dpkg --configure or the configure\nmenu option in dselect for them to work:\n${unpacked.map((name) => ` ${name.padEnd(20)} ${descriptions[name] ?? ''}\n`).join('')}\n`,
      );
    return 0;
  }
  if (args.includes('--print-architecture')) {
    context.out('amd64\n');
    return 0;
  }
  if (args.includes('-l') || args.includes('--list'))
    return list(
      context,
      args.filter((arg) => !arg.startsWith('-')),
    );
  if (args.includes('--configure')) {
    for (const name of unpacked) {
      context.out(`Setting up ${name} (${machine.packages.get(name)?.revision}) ...\n`);
      const pkg = machine.packages.get(name);
      if (!args.some((arg) => /^--force-conf(old|new)/.test(arg))) {
        context.out(conffilePrompt);
        context.err(
          `dpkg: error processing package ${name} (--configure):\n end of file on stdin at conffile prompt\n`,
        );
        return 1;
      }
      if (pkg) pkg.state = 'i';
    }
    return 0;
  }
  if (args.includes('--compare-versions')) {
    const [a = '', operator = '', b = ''] = args.slice(args.indexOf('--compare-versions') + 1);
    const difference = compareVersions(a, b);
    const results: Readonly<Record<string, boolean>> = {
      lt: difference < 0,
      le: difference <= 0,
      eq: difference === 0,
      ne: difference !== 0,
      ge: difference >= 0,
      gt: difference > 0,
    };
    return results[operator] ? 0 : 1;
  }
  context.err('dpkg: error: the lab does not simulate this use of dpkg\n');
  return 2;
};

/** `curl` and `wget`: the package repositories and the kubelet's healthz, nothing else answers. */
export const fetcher =
  (program: 'curl' | 'wget'): Tool =>
  async (context) => {
    const { args, machine } = context;
    const url = args.find((arg) => /^https?:\/\//.test(arg) || /^(127\.0\.0\.1|localhost):/.test(arg)) ?? '';
    const short = args.filter((arg) => /^-[A-Za-z]+$/.test(arg)).join('');
    const at = args.findIndex((arg) =>
      program === 'curl' ? /^-[A-Za-z]*o$|^--output$/.test(arg) : /^-[A-Za-z]*O$/.test(arg),
    );
    const attached =
      program === 'wget' ? args.find((arg) => /^-[A-Za-z]*O.+/.test(arg))?.replace(/^-[A-Za-z]*O/, '') : undefined;
    const file = attached ?? (at >= 0 ? args[at + 1] : undefined);
    const path = url.replace(/^https?:\/\//, '');
    if (/^(127\.0\.0\.1|localhost):10248\/healthz/.test(path)) {
      if (machine.kubelet.stoppedAt === undefined && machine.kubelet.unhealthy !== true)
        return deliver(context, 'ok', file);
      context.err('curl: (7) Failed to connect to 127.0.0.1 port 10248 after 0 ms: Could not connect to server\n');
      return 7;
    }
    const found = await fetchFromRepository(machine, url);
    if (found)
      return deliver(context, found.text, program === 'wget' && file === undefined ? path.replace(/^.*\//, '') : file);
    const known =
      /core:\/(stable|prerelease):\//.test(url) ||
      (await readSources(machine)).some((source) => url.startsWith(source.url));
    if (program === 'wget') {
      context.err(known ? `ERROR 404: Not Found.\n` : `wget: unable to resolve host address\n`);
      return known ? 8 : 4;
    }
    const host = path.replace(/[/:].*$/, '');
    if (known && !short.includes('f') && !args.includes('--fail'))
      return deliver(context, '<html><body>404 Not Found</body></html>\n', file);
    context.err(
      known ? 'curl: (22) The requested URL returned error: 404\n' : `curl: (6) Could not resolve host: ${host}\n`,
    );
    return known ? 22 : 6;
  };

async function deliver(context: ToolContext, text: string, file: string | undefined): Promise<number> {
  if (file === undefined || file === '-') context.out(text);
  else await context.machine.fs.writeFile(context.machine.fs.resolvePath(context.cwd, file), text);
  return 0;
}
