import type { Tool } from '../shell/shell.ts';

export const openssl: Tool = async (context) => {
  const { args, machine } = context;
  const file = args[args.indexOf('-in') + 1];
  const text =
    args.includes('-in') && file !== undefined
      ? await machine.fs.readFile(machine.fs.resolvePath(context.cwd, file))
      : context.stdin;
  if (args.includes('-subject')) context.out(`subject=${/subject=(.*)/.exec(text)?.[1] ?? 'CN = kubernetes'}\n`);
  if (args.includes('-enddate')) context.out('notAfter=Nov 21 01:53:00 2027 GMT\n');
  return 0;
};
