import type { Machine } from './machine.ts';
import type { Tool } from './shell/shell.ts';

/** Sets a machine's clock ahead of the lab's, or behind it. Milliseconds. */
export function setClock(machine: Machine, ahead: number): void {
  machine.clockAhead = ahead;
}

/** `date +%s` and `date +%s.%N` by the machine's clock, `date -s @SECONDS` to set it, and a time of systemd in
 * seconds; the shell does other forms. */
export const date: Tool = (context) => {
  const { machine } = context;
  const words = context.args.filter((arg) => arg !== '-u').join(' ');
  const now = machine.clock.now() + machine.clockAhead;
  const wanted = /^(?:-s|--set=?) ?@(\d+(?:\.\d+)?)$/.exec(words)?.[1];
  if (wanted !== undefined) {
    if (context.uid !== 0) {
      context.err('date: cannot set date: Operation not permitted\n');
      return 1;
    }
    setClock(machine, Number(wanted) * 1000 - machine.clock.now());
    return 0;
  }
  const seconds = Math.floor(now / 1000);
  const given = /^-d [A-Z][a-z]{2} (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC \+%s$/.exec(words);
  if (given) {
    context.out(`${Date.parse(`${given[1]}T${given[2]}Z`) / 1000}\n`);
    return 0;
  }
  if (words === '+%s') context.out(`${seconds}\n`);
  else if (words === '+%s.%N') context.out(`${seconds}.${String(Math.floor(now) % 1000).padStart(3, '0')}000000\n`);
  else return context.original();
  return 0;
};
