import { quote } from '../transport/quote.ts';
import { requestsProgram } from './helper-requests.ts';
import { forgetProgram, secretsProgram } from './helper-secrets.ts';
import { startProgram } from './helper-start.ts';
import { statesProgram, stopProgram } from './helper-states.ts';
import { supervisorProgram } from './supervisor.ts';

/** The version that the program names in its `hello` line. */
export const protocolVersion = 1;

/** The command line that receives the program from its stdin and runs it; see docs/attempts.md. */
export function helperCommand(root: string): string {
  const size = Buffer.byteLength(helperProgram);
  // a dd that knows no fullblock says so before it reads anything
  const read = 'dd bs=$1 count=1 iflag=fullblock 2>/dev/null || dd bs=1 count=$1 2>/dev/null';
  return `sh -c 'eval "$(${read})"' runbook-helper ${String(size)} ${quote(root)}`;
}

/** Comments and indentation off: the program crosses the wire byte by byte, once per connection. */
function compact(program: string): string {
  return program.replaceAll(/^\s*(#.*)?\n|^\s+/gmu, '');
}

const main = `
root=$2
case $root in '~'/*) root=$HOME/\${root#??} ;; esac
scope= scoped= sup=
mask=$(umask)
umask 077
read -r boot </proc/sys/kernel/random/boot_id
born $$
mine=$b
uid=$(id -u)
say hello 1 $uid $boot
exec 7>&2 2>/dev/null
whole=
[ "$(printf xy | dd bs=2 count=1 iflag=fullblock 2>/dev/null)" != xy ] || whole=1
while read -r verb rest; do
  case $verb in
    start | follow | status | cancel | list | sweep | probe | prepare) $verb $rest ;;
    *) say refused \${rest%% *} io unknown request ;;
  esac
done
`;

/** The POSIX-sh program that answers requests on a node, in dash, busybox ash and bash. */
export const helperProgram = [
  `supervisor=${quote(compact(supervisorProgram))}`,
  `stopper=${quote(compact(stopProgram))}`,
  compact(forgetProgram + statesProgram + secretsProgram + startProgram + requestsProgram + main),
].join('\n');
