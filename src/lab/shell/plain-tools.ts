import { df, du } from '../disks.ts';
import { hexOf } from '../identity.ts';
import { putFile } from '../machine-files.ts';
import { ls } from '../package-locks.ts';
import { endComponent, pidsOf } from '../components.ts';
import { sizeOf, textTools } from './text-tools.ts';
import type { Tool, ToolContext } from './shell.ts';

function resolve(context: ToolContext, path: string): string {
  return context.machine.fs.resolvePath(context.cwd, path);
}

const uname: Tool = (context) => {
  const { machine } = context;
  // Whoever asks for the release alone does not look at the name.
  const values: Readonly<Record<string, string>> = {
    s: 'Linux',
    get n() {
      return machine.hostname;
    },
    get r() {
      return machine.kernelRelease;
    },
    v: '#1 SMP Debian 6.1.119-1',
    m: 'x86_64',
    o: 'GNU/Linux',
  };
  const flags = context.args.join('').replace(/-/g, '') || 's';
  const letters = flags.includes('a')
    ? ['s', 'n', 'r', 'v', 'm', 'o']
    : ['s', 'n', 'r', 'v', 'm', 'o'].filter((letter) => flags.includes(letter));
  context.out(`${letters.map((letter) => values[letter]).join(' ')}\n`);
  return 0;
};

const hostname: Tool = (context) => {
  context.out(
    context.args.some((arg) => /^-[A-Za-z]*[iI]/.test(arg))
      ? `${context.machine.ip} \n`
      : `${context.machine.hostname}\n`,
  );
  return 0;
};

const id: Tool = (context) => {
  const name = context.uid === 0 ? 'root' : 'ops';
  const flags = context.args.join('');
  if (flags.includes('n')) context.out(`${name}\n`);
  else if (/[ugG]/.test(flags)) context.out(`${context.uid}\n`);
  else
    context.out(
      `uid=${context.uid}(${name}) gid=${context.uid}(${name}) groups=${context.uid}(${name})${context.uid === 0 ? '' : ',27(sudo)'}\n`,
    );
  return 0;
};

const mktemp: Tool = async (context) => {
  const template = context.args.find((arg) => !arg.startsWith('-')) ?? '/tmp/tmp.XXXXXXXXXX';
  const path = resolve(
    context,
    template.replace(/X{3,}$/, (xs) => hexOf(`${context.machine.newPid()}`, xs.length)),
  );
  if (context.args.includes('-d')) await context.machine.fs.mkdir(path, { recursive: true });
  else await putFile(context.machine, path, '', 0o600);
  context.out(`${path}\n`);
  return 0;
};

const dd: Tool = async (context) => {
  const options = new Map(context.args.map((arg) => [arg.slice(0, arg.indexOf('=')), arg.slice(arg.indexOf('=') + 1)]));
  const size = sizeOf(options.get('bs') ?? '512');
  const count = options.has('count') ? Number(options.get('count')) : undefined;
  const from = options.get('if');
  let data = from === undefined ? Buffer.from(context.stdin) : undefined;
  if (from === '/dev/zero' || from === '/dev/urandom') data = Buffer.alloc(size * (count ?? 1));
  data ??= Buffer.from(await context.machine.fs.readFileBuffer(resolve(context, from ?? '')));
  const kept = count === undefined ? data : data.subarray(0, size * count);
  const to = options.get('of');
  if (to === undefined) context.out(kept.toString('utf8'));
  else await writeOutput(context, resolve(context, to), kept, options);
  if (options.get('status') !== 'none')
    context.err(`${Math.ceil(kept.length / size)}+0 records in\n${Math.ceil(kept.length / size)}+0 records out\n`);
  return 0;
};

async function writeOutput(
  context: ToolContext,
  path: string,
  data: Buffer,
  options: ReadonlyMap<string, string>,
): Promise<void> {
  const { fs } = context.machine;
  if (options.get('conv')?.split(',').includes('notrunc') !== true) return fs.writeFile(path, data);
  if (options.get('oflag') === 'append') return fs.appendFile(path, data);
  const present = (await fs.exists(path)) ? Buffer.from(await fs.readFileBuffer(path)) : Buffer.alloc(0);
  return fs.writeFile(path, Buffer.concat([data, present.subarray(data.length)]));
}

const install: Tool = async (context) => {
  const words: string[] = [];
  let mode = 0o755;
  let folders = false;
  for (let i = 0; i < context.args.length; i += 1) {
    const arg = context.args[i] ?? '';
    if (arg === '-m') mode = Number.parseInt(context.args[(i += 1)] ?? '755', 8);
    else if (arg.startsWith('-m')) mode = Number.parseInt(arg.slice(2), 8);
    else if (arg === '-o' || arg === '-g') i += 1;
    else if (arg === '-d') folders = true;
    else if (!arg.startsWith('-')) words.push(arg);
  }
  const { fs } = context.machine;
  if (folders) {
    for (const word of words) {
      await fs.mkdir(resolve(context, word), { recursive: true });
      await fs.chmod(resolve(context, word), mode);
    }
    return 0;
  }
  const [from = '', to = ''] = words;
  const content =
    from === '/dev/stdin'
      ? Buffer.from(context.stdin)
      : from === '/dev/null'
        ? ''
        : await fs.readFileBuffer(resolve(context, from));
  await putFile(context.machine, resolve(context, to), content, mode);
  return 0;
};

const stat: Tool = async (context) => {
  const args = [...context.args];
  const fileSystem = args.some((arg) => /^-[A-Za-z]*f/.test(arg));
  const at = args.findIndex((arg) => /^-[fL]*c/.test(arg) || arg.startsWith('--format') || arg.startsWith('--printf'));
  const flag = args[at] ?? '';
  const format = flag.includes('=')
    ? flag.slice(flag.indexOf('=') + 1)
    : flag.replace(/^-[fL]*c/, '') || (args[at + 1] ?? '%n');
  const paths = args.filter((arg, i) => !arg.startsWith('-') && !(i === at + 1 && at >= 0 && /^-[fL]*c$/.test(flag)));
  let code = 0;
  for (const path of paths) {
    const values = await statValues(context, path, fileSystem);
    if (values)
      context.out(`${format.replace(/%([a-zA-Z])/g, (_, letter: string) => values[letter] ?? `?${letter}`)}\n`);
    else {
      context.err(`stat: cannot statx '${path}': No such file or directory\n`);
      code = 1;
    }
  }
  return code;
};

async function statValues(
  context: ToolContext,
  path: string,
  fileSystem: boolean,
): Promise<Record<string, string> | undefined> {
  const { machine } = context;
  const full = resolve(context, path);
  if (!(await machine.fs.exists(full))) return undefined;
  if (fileSystem) {
    const unified = await machine.fs.exists('/sys/fs/cgroup/cgroup.controllers');
    return {
      T:
        full.startsWith('/sys/fs/cgroup') && unified
          ? 'cgroup2fs'
          : full.startsWith('/sys/fs/cgroup')
            ? 'tmpfs'
            : full.startsWith('/run')
              ? 'tmpfs'
              : 'ext2/ext3',
      n: path,
      a: '8701667',
      f: '10288184',
    };
  }
  const found = await machine.fs.stat(full);
  const listed = /^\/var\/lib\/dpkg\/info\/(.+)\.list$/.exec(full)?.[1];
  const installedAt = listed === undefined ? undefined : machine.installedAt.get(listed);
  const changed = full === '/usr/bin/kubelet' ? machine.binaryChangedAt : (installedAt ?? found.mtime.getTime());
  const seconds = Math.floor(changed / 1000);
  const own = full.startsWith('/home/ops');
  return {
    n: path,
    s: String(found.size),
    a: (found.mode & 4095).toString(8),
    U: own ? 'ops' : 'root',
    G: own ? 'ops' : 'root',
    u: own ? '1000' : '0',
    g: own ? '1000' : '0',
    F: found.isDirectory ? 'directory' : 'regular file',
    X: String(seconds),
    Y: String(seconds),
    Z: String(seconds),
    W: String(seconds),
    i: hexOf(full, 6),
    h: '1',
  };
}

const ip: Tool = (context) => {
  const { ip, addresses } = context.machine;
  const only4 = context.args.includes('-4');
  if (addresses) {
    const wanted = ['127.0.0.1', ...addresses].filter((address) => !only4 || !address.includes(':'));
    context.out(wanted.map(addressLine).join(''));
    return 0;
  }
  const last = ip.split('.')[3] ?? '1';
  context.out(
    [
      String.raw`1: lo    inet 127.0.0.1/8 scope host lo\       valid_lft forever preferred_lft forever`,
      ...(only4 ? [] : [String.raw`1: lo    inet6 ::1/128 scope host \       valid_lft forever preferred_lft forever`]),
      String.raw`2: eth0    inet ${ip}/24 scope global eth0\       valid_lft forever preferred_lft forever`,
      ...(only4
        ? []
        : [
            String.raw`2: eth0    inet6 fe80::5054:ff:fe00:${last}/64 scope link \       valid_lft forever preferred_lft forever`,
          ]),
      String.raw`3: cni0    inet 10.244.${last}.1/24 brd 10.244.${last}.255 scope global cni0\       valid_lft forever preferred_lft forever`,
      '',
    ].join('\n'),
  );
  return 0;
};

function addressLine(address: string, index: number): string {
  const [family, length] = address.includes(':') ? ['inet6', 64] : ['inet', 24];
  const place = index === 0 ? 'lo' : `eth${index - 1}`;
  return String.raw`${index + 1}: ${place}    ${family} ${address}/${length} scope global ${place}\       valid_lft forever preferred_lft forever`.concat(
    '\n',
  );
}

const pidof: Tool = (context) => {
  const name = context.args.findLast((arg) => !arg.startsWith('-'));
  const kubelet = name === 'kubelet' ? kubeletPid(context) : undefined;
  const pids = kubelet === undefined ? pidsOf(context.machine, name ?? '') : [kubelet];
  if (pids.length === 0) return 1;
  context.out(`${pids.join(' ')}\n`);
  return 0;
};

function kubeletPid({ machine }: ToolContext): number | undefined {
  return machine.kubelet.stoppedAt === undefined ? machine.kubelet.pid : undefined;
}

const ps: Tool = (context) => {
  const { kubelet } = context.machine;
  const row = `root ${String(kubelet.pid).padStart(8)}  1.0  0.9 1932140 98212 ?  Ssl  00:00   0:01 /usr/bin/kubelet --kubeconfig=/etc/kubernetes/kubelet.conf\n`;
  context.out(
    `USER      PID %CPU %MEM    VSZ   RSS TTY STAT START   TIME COMMAND\nroot        1  0.0  0.1  16776 11264 ?   Ss   00:00   0:00 /sbin/init\n${kubelet.stoppedAt === undefined ? row : ''}`,
  );
  return 0;
};

const kill: Tool = (context) => {
  const pid = context.args.findLast((arg) => /^\d+$/.test(arg)) ?? '';
  if (pid === '1' || Number(pid) === context.machine.kubelet.pid || Number(pid) === context.process.pid) return 0;
  if (endComponent(context.machine, Number(pid))) return 0;
  context.err(`sh: kill: No such process\n`);
  return 1;
};

const chown: Tool = async (context) => {
  const paths = context.args.filter((arg) => !arg.startsWith('-')).slice(1);
  for (const path of paths) {
    if (await context.machine.fs.exists(resolve(context, path))) continue;
    context.err(`chown: cannot access '${path}': No such file or directory\n`);
    return 1;
  }
  return 0;
};

const nothing: Tool = () => 0;

export const plainTools: Readonly<Record<string, Tool>> = {
  ...textTools,
  uname,
  hostname,
  id,
  df,
  du,
  ls,
  mktemp,
  dd,
  install,
  stat,
  ip,
  pidof,
  pgrep: pidof,
  ps,
  kill,
  chown,
  chgrp: chown,
  whoami: (context) => {
    context.out(context.uid === 0 ? 'root\n' : 'ops\n');
    return 0;
  },
  sync: nothing,
  logger: nothing,
  swapon: nothing,
  modprobe: nothing,
  sysctl: nothing,
  fsync: nothing,
  nproc: (context) => {
    context.out('2\n');
    return 0;
  },
};
