import { parseDuration } from '../audit.ts';
import { abortOfMany, Killed } from '../clock.ts';
import { quote } from './quote.ts';
import type { Tool, ToolContext } from './shell.ts';

const rootPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

function runWords(
  context: ToolContext,
  words: readonly string[],
  change: Parameters<ToolContext['spawn']>[0] | object = {},
): Promise<number> {
  return context.spawn({ script: words.map(quote).join(' '), ...change });
}

/** Skips options; those in `withValue` take the next word too. */
function skipOptions(
  args: readonly string[],
  withValue: readonly string[] = [],
): { options: string[]; rest: string[] } {
  const options: string[] = [];
  let i = 0;
  for (; i < args.length; i += 1) {
    const arg = args[i] ?? '';
    if (arg === '--') {
      i += 1;
      break;
    }
    if (!arg.startsWith('-') || arg === '-') break;
    options.push(arg);
    if (withValue.includes(arg)) options.push(args[(i += 1)] ?? '');
  }
  return { options, rest: args.slice(i) };
}

/** Takes leading NAME=VALUE words off. */
function takeAssignments(words: readonly string[]): { env: Record<string, string>; rest: readonly string[] } {
  const env: Record<string, string> = {};
  let i = 0;
  for (; i < words.length; i += 1) {
    const match = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(words[i] ?? '');
    if (!match) break;
    env[match[1] ?? ''] = match[2] ?? '';
  }
  return { env, rest: words.slice(i) };
}

const users: Readonly<Record<string, { uid: number; home: string }>> = {
  root: { uid: 0, home: '/root' },
  ops: { uid: 1000, home: '/home/ops' },
};

const sudo: Tool = (context) => {
  const { options, rest } = skipOptions(context.args, ['-u', '-g', '-p', '-C', '--user', '--prompt']);
  const name = options[options.findIndex((option) => option === '-u' || option === '--user') + 1] ?? 'root';
  const user = users[options.includes('-u') || options.includes('--user') ? name : 'root'];
  if (!user) {
    context.err(`sudo: unknown user ${name}\n`);
    return 1;
  }
  const { env, rest: words } = takeAssignments(rest);
  const kept = options.includes('-E') ? context.env : pick(context.env, ['LANG', 'LC_ALL', 'TERM']);
  const base = {
    ...kept,
    ...env,
    PATH: rootPath,
    HOME: user.home,
    USER: user.uid === 0 ? 'root' : name,
    SUDO_USER: 'ops',
    SUDO_UID: '1000',
  };
  if (words.length === 0) {
    if (options.some((option) => /^-[A-Za-z]*[iskvl]/.test(option)))
      return context.stdin ? context.spawn({ script: context.stdin, stdin: '', uid: user.uid, env: base }) : 0;
    context.err('usage: sudo -h | -K | -k | -V\n');
    return 1;
  }
  return runWords(context, words, { uid: user.uid, env: base });
};

function pick(env: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}

const env: Tool = (context) => {
  const { options, rest } = skipOptions(context.args, ['-u', '-C']);
  const { env, rest: words } = takeAssignments(rest);
  const base: Record<string, string> = options.includes('-i') ? {} : { ...context.env };
  options.forEach((option, i) => {
    if (option === '-u') delete base[options[i + 1] ?? ''];
  });
  const merged = { ...base, ...env };
  if (words.length > 0) return runWords(context, words, { env: merged });
  context.out(
    Object.entries(merged)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  return 0;
};

const timeout: Tool = async (context) => {
  const { rest } = skipOptions(context.args, ['-s', '-k']);
  const [limit = '', ...words] = rest;
  const ms = /^\d+(\.\d+)?$/.test(limit) ? Number(limit) * 1000 : parseDuration(limit);
  if (ms === undefined || words.length === 0) {
    context.err(`timeout: invalid time interval '${limit}'\n`);
    return 125;
  }
  const over = abortOfMany();
  const ended = new AbortController();
  const stop = () => over.abort();
  context.signal.addEventListener('abort', stop, { once: true });
  let late = false;
  if (ms > 0) {
    context.machine.clock.sleep(ms, ended.signal).then(
      () => {
        late = true;
        over.abort();
      },
      () => undefined,
    );
  }
  try {
    const code = await runWords(context, words, { signal: over.signal });
    if (context.signal.aborted) throw new Killed();
    return late ? 124 : code;
  } finally {
    ended.abort();
    context.signal.removeEventListener('abort', stop);
  }
};

const shell: Tool = async (context) => {
  const args = [...context.args];
  const flags: string[] = [];
  let command = false;
  while (args[0]?.startsWith('-') || args[0]?.startsWith('+')) {
    const arg = args.shift() ?? '';
    if (arg === '--' || arg === '-') break;
    if (arg.startsWith('--')) continue;
    if (/^[-+]o$/.test(arg)) flags.push(`set ${arg} ${args.shift() ?? ''}`);
    else {
      if (arg.includes('c')) command = true;
      const rest = arg.slice(1).replace(/[cslir]/g, '');
      if (rest) flags.push(`set ${arg[0]}${rest}`);
    }
  }
  const prelude = flags.map((flag) => `${flag}\n`).join('');
  if (command) return context.spawn({ script: prelude + (args[0] ?? ''), args: args.slice(2) });
  const [file] = args;
  if (file === undefined || context.args.includes('-s'))
    return context.spawn({ script: prelude + context.stdin, stdin: '', args });
  const path = context.machine.fs.resolvePath(context.cwd, file);
  if (!(await context.machine.fs.exists(path))) {
    context.err(`sh: 0: cannot open ${file}: No such file\n`);
    return 127;
  }
  return context.spawn({ script: prelude + (await context.machine.fs.readFile(path)), args: args.slice(1) });
};

/** Wrappers whose own options do not matter here. */
function passThrough(...withValue: string[]): Tool {
  return (context) => {
    const { rest } = skipOptions(context.args, withValue);
    return rest.length === 0 ? 0 : runWords(context, rest);
  };
}

const trap: Tool = (context) => {
  const [first, ...names] = context.args[0] === '--' ? context.args.slice(1) : context.args;
  if (first === undefined) return 0;
  const code = names.length === 0 ? '-' : first;
  for (const name of names.length === 0 ? [first] : names) {
    const signal = name === '0' ? 'EXIT' : name.replace(/^SIG/, '').toUpperCase();
    if (code === '-') context.process.traps.delete(signal);
    else context.process.traps.set(signal, code);
  }
  return 0;
};

const umask: Tool = (context) => {
  const [value] = context.args;
  if (value === undefined) context.out(`${context.process.umask.toString(8).padStart(4, '0')}\n`);
  else context.process.umask = Number.parseInt(value, 8);
  return 0;
};

export const wrappers: Readonly<Record<string, Tool>> = {
  sudo,
  env,
  timeout,
  sh: shell,
  bash: shell,
  dash: shell,
  trap,
  umask,
  nohup: passThrough(),
  setsid: passThrough(),
  nice: passThrough('-n'),
  ionice: passThrough('-c', '-n'),
  stdbuf: passThrough('-o', '-e', '-i'),
  'systemd-run': passThrough('-p', '-u', '--unit', '--property'),
  'systemd-inhibit': passThrough(),
};
