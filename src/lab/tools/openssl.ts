import type { Tool } from '../shell/shell.ts';

/** `openssl x509` over the lab's certificates. */
export const openssl: Tool = async (context) => {
  const { args, machine } = context;
  const file = args[args.indexOf('-in') + 1];
  const text =
    args.includes('-in') && file !== undefined
      ? await machine.fs.readFile(machine.fs.resolvePath(context.cwd, file))
      : context.stdin;
  const field = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1];
  const end = field('notAfter');
  if (end === undefined) {
    context.err('Could not find certificate from <stdin>\n');
    return 1;
  }
  if (args.includes('-subject')) context.out(`subject=${field('subject') ?? ''}\n`);
  if (args.includes('-enddate')) context.out(`notAfter=${end}\n`);
  const within = args.includes('-checkend') ? Number(args[args.indexOf('-checkend') + 1]) : undefined;
  if (within === undefined) return 0;
  const over = Date.parse(end) <= machine.clock.now() + within * 1000;
  context.out(over ? 'Certificate will expire\n' : 'Certificate will not expire\n');
  return over ? 1 : 0;
};
