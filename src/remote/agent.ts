import { supervisorProgram } from './supervisor.ts';

/** The version that the program names in its `hello` line. */
export const protocolVersion = 1;

/** The command line that receives the program from its stdin and runs it; see docs/attempts.md. */
export function agentCommand(root: string): string {
  const size = Buffer.byteLength(agentProgram);
  return `sh -c 'eval "$(dd bs=1 count=$1 2>/dev/null)"' runbook-agent ${String(size)} ${quoted(root)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** Comments and indentation off: the program crosses the wire byte by byte, once per connection. */
function compact(program: string): string {
  return program.replaceAll(/^\s*(#.*)?\n|^\s+/gmu, '');
}

const requests = `
# take COUNT: exactly so many bytes of stdin, never more
take() {
  [ "$1" = 0 ] || if [ "$whole" ]; then dd bs=$1 count=1 iflag=fullblock; else dd bs=1 count=$1; fi 2>/dev/null
}
say() { printf '%s\\n' "$*" || exit 0; }
refuse() { say refused $tag "$@"; }
named() {
  case $run in '' | *[!a-z0-9-]*) refuse io bad name of a run; return 1 ;; esac
  case $id in '' | .* | *[!A-Za-z0-9._-]*) refuse io bad name of an attempt; return 1 ;; esac
  r=$root/$run d=$root/$run/$id
}

start() {
  tag=$1 run=$2 id=$3 epoch=$4 limit=$5 mode=$6 max=$7 len=$8 sha=$9
  s=$(take $len)
  sum=$(sha256sum <<END
$s
END
)
  [ "\${sum%% *}" = "$sha" ] || { refuse damaged the script did not arrive whole; return; }
  named || return
  prepare && claim || return
  say claimed $tag
  kill_after=$limit
  [ $mode = kill ] || kill_after=0
  [ "$scoped" ] || find_scope
  $scope setsid sh -c "$supervisor" runbook-attempt "$d" $kill_after $(((max + 1023) / 1024 * 2)) $mask $$ $mine </dev/null >/dev/null 2>&1 & sup=$!
  deadline=0
  [ $mode = kill ] || deadline=$limit
  open_output 0 0
  told=
  while late=; wait $sup; code=$?; [ "$late" ]; do
    tell_launched
    pump
    if past_deadline; then
      finish
      # the attempt goes on waking this shell, which could lose half a request by it
      [ "$state" != running ] || exit
      return
    fi
  done
  case $code in
    0 | 3) ;;
    *)
      if [ $code = 4 ] || [ ! -e "$d/launched" ]; then
        rm -rf "$d"
        if [ $code = 4 ]; then refuse no-space no room to launch in "$d"; else refuse io could not launch in "$d": $code; fi
        return
      fi
      ;;
  esac
  tell_launched
  finish
}

# where logind ends all processes of a login that is over, an attempt needs a scope of its own
find_scope() {
  scoped=1
  while read -r l; do
    case $l in
      */user-0.slice/*) ;;
      */session-*.scope*) scoped=session ;;
    esac
  done </proc/self/cgroup
  [ $scoped = session ] || return
  m='org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager KillUserProcesses'
  [ "$(busctl get-property $m)" = 'b true' ] || return
  scope='systemd-run --scope --collect --quiet --'
  [ -w /proc/1/oom_score_adj ] || scope="systemd-run --user \${scope#* }"
}

# the folders above the attempt, and the epoch
prepare() {
  if [ ! -d "$r" ]; then
    if ! m=$(LC_ALL=C mkdir -p "$r" 2>&1); then refuse_io "$m"; return 1; fi
    [ -O "$root" ] || { refuse io "$root belongs to somebody else"; return 1; }
  fi
  if swept; then refuse already-claimed swept; return 1; fi
  seen=0
  [ ! -e "$r/epoch" ] || read -r seen <"$r/epoch"
  [ $epoch -ge $seen ] || { refuse stale-epoch $seen; return 1; }
  [ $epoch -gt $seen ] || return 0
  if ! m=$( { echo $epoch | LC_ALL=C dd of="$r/.epoch.$$" conv=fsync && mv -f "$r/.epoch.$$" "$r/epoch"; } 2>&1); then
    refuse_io "$m"
    return 1
  fi
}

claim() {
  if ! m=$(LC_ALL=C mkdir "$d" 2>&1); then
    if [ -d "$d" ]; then refuse already-claimed; else refuse_io "$m"; fi
    return 1
  fi
  if { echo $$ $mine >"$d/claim" && printf '%511s\\n' '' >"$d/status" && printf '%s\\n' "$s" >"$d/script" && echo $boot >"$d/boot" &&
    echo $epoch >"$d/epoch" && echo $max >"$d/max" && : >"$d/out" && : >"$d/err"; } 2>/dev/null; then
    read -r seen <"$r/epoch"
    [ $epoch -lt $seen ] || return 0
    m=stale-epoch
  else
    m="no-space cannot keep the script and room for its status in $d"
  fi
  rm -rf "$d"
  refuse $m
  return 1
}

refuse_io() {
  set -f
  set -- $1
  set +f
  case $* in
    *'No space'* | *'quota exceeded'*) refuse no-space "$*" ;;
    *) refuse io "$*" ;;
  esac
}

tell_launched() {
  [ -z "$told" ] && [ -s "$d/pid" ] || return 0
  read -r m p b <"$d/pid"
  told=1
  say launched $tag $p
}

open_output() {
  oo=$1 eo=$2 beat=0
  [ $deadline = 0 ] || uptime
  [ $deadline = 0 ] || deadline=$((now + deadline * 100))
  exec 5<"$d/out" 6<"$d/err"
  [ $oo = 0 ] || dd bs=1 skip=$oo count=0 <&5 2>/dev/null
  [ $eo = 0 ] || dd bs=1 skip=$eo count=0 <&6 2>/dev/null
}

uptime() { read -r now m </proc/uptime; now=\${now%.*}\${now#*.}; }
past_deadline() { [ $deadline != 0 ] || return 1; uptime; [ $now -ge $deadline ]; }

# what is new of both streams, to the reader
pump() {
  beat=$((beat + 1))
  if [ -s "$d/out" ] || [ -s "$d/err" ]; then
    if [ -e "$d/sizes" ] && read -r p z <"$d/sizes" && [ "$z" ]; then
      set -- $p $z
    else
      set -- $(stat -c %s "$d/out" "$d/err")
    fi
    piece o 5 $oo $1
    oo=$p
    piece e 6 $eo $2
    eo=$p
  fi
  [ $((beat % 10)) != 0 ] || say o $tag $oo 0
}

piece() {
  p=$3 z=$4
  [ $z -le $max ] || z=$max
  while [ $p -lt $z ]; do
    n=$((z - p)) beat=0
    [ $n -le 1048576 ] || n=1048576
    say $1 $tag $p $n
    dd bs=$n count=1 <&$2 2>/dev/null || exit 0
    p=$((p + n))
  done
}

finish() {
  look
  pump
  [ ! -e "$d/out.cut" ] || say cut $tag o
  [ ! -e "$d/err.cut" ] || say cut $tag e
  exec 5<&- 6<&-
  say state $tag $state
}

follow() {
  tag=$1 run=$2 id=$3 deadline=$6
  named || return
  look
  if [ ! -r "$d/out" ] || [ ! -r "$d/err" ]; then say state $tag $state; return; fi
  max=1099511627776
  read -r max 2>/dev/null <"$d/max"
  open_output $4 $5
  while [ "$state" = running ] && ! past_deadline; do
    pump
    nap
    look
  done
  finish
}

status() {
  tag=$1 run=$2 id=$3
  named || return
  look
  say state $tag $state
}

cancel() {
  tag=$1 run=$2 id=$3 sent=
  named || return
  look
  while [ "$state" = running ]; do
    if [ ! "$sent" ] && read -r m p b 2>/dev/null <"$d/pid"; then
      sent=1
      (set -C; echo cancelled >"$d/ended") 2>/dev/null
      if alive $p $b; then
        setsid sh -c "$stopper" runbook-stop $p </dev/null >/dev/null 2>&1 &
      fi
    fi
    nap
    look
  done
  say state $tag $state
}

list() {
  tag=$1
  for r in "$root"/*; do
    run=\${r##*/}
    [ -d "$r" ] && { [ "$2" = - ] || [ "$2" = "$run" ]; } || continue
    for d in "$r"/*; do
      [ -d "$d" ] || continue
      id=\${d##*/}
      look
      say item $tag $run $id $state
    done
    [ ! -r "$r/attempts" ] || while read -r id state; do
      [ -d "$r/$id" ] || say item $tag $run $id $state
    done <"$r/attempts"
  done
  say end $tag
}

sweep() {
  tag=$1 run=$2 id=x
  named || return
  for d in "$r"/*; do
    [ -d "$d" ] || continue
    id=\${d##*/}
    look
    [ "$state" != running ] || continue
    if ! swept; then
      if ! m=$( { echo "$id $state" | LC_ALL=C dd of="$r/attempts" conv=notrunc,fsync oflag=append; } 2>&1); then
        refuse_io "$m"
        return
      fi
    fi
    rm -rf "$d"
  done
  say end $tag
}
`;

const stopper = `
trap '' HUP
kill -TERM -$1 || kill -TERM $1
n=0
while [ $n -lt 10 ] && kill -0 -$1; do sleep 1; n=$((n + 1)); done
kill -KILL -$1
`;

const states = `
nap() { sleep 0.2 2>/dev/null || sleep 1; }
# born PID: its state and start time; the name in parentheses may hold anything
born() {
  b= st= l=
  read -r l 2>/dev/null </proc/$1/stat || return 1
  set -- \${l##*) }
  st=$1 b=\${20}
  [ "$b" ] && [ "$st" != Z ] && [ "$st" != X ]
}
alive() { [ "$1" ] && [ "$2" ] && born $1 && [ "$b" = "$2" ]; }

ended() {
  w=
  read -r w 2>/dev/null <"$d/status"
  case $w in
    exited\\ [0-9]* | timed-out | cancelled | never-ran) state=$w ;;
    *) return 1 ;;
  esac
}

# the line that sweep left
swept() {
  [ -r "$r/attempts" ] || return 1
  while read -r i w; do
    [ "$i" != "$id" ] || { state=$w; return 0; }
  done <"$r/attempts"
  return 1
}

claimer() { cp= cb=; read -r cp cb 2>/dev/null <"$d/claim"; alive $cp $cb; }
launcher() { lp= lb=; read -r lp lb 2>/dev/null <"$d/launched"; [ "$lp" ]; }

# sets state of the attempt in d; what it calls never-ran cannot run any more
look() {
  state=absent
  if [ ! -d "$d" ]; then ! swept || :; return; fi
  ! ended || return
  bt=
  read -r bt 2>/dev/null <"$d/boot"
  same=
  [ "$bt" != "$boot" ] || same=1
  state=running
  if ! launcher; then
    [ -z "$same" ] || ! claimer || return
    [ -e "$d/claim" ] && [ ! -e "$d/launched" ] || nap
    if ! launcher; then
      [ -z "$same" ] || ! claimer || return
      (set -C; echo void >"$d/launched") 2>/dev/null
      launcher
    fi
  fi
  ! ended || return
  state=running
  if [ "$lp" = void ]; then state=never-ran; return; fi
  if [ -z "$same" ]; then state='interrupted rebooted'; return; fi
  ! alive "$lp" "$lb" || return
  ! ended || return
  m= p= b=
  read -r m p pb 2>/dev/null <"$d/pid"
  ! alive "$p" "$pb" || return
  state='interrupted same-boot'
}
`;

const main = `
root=$2
case $root in '~'/*) root=$HOME/\${root#??} ;; esac
late= scope= scoped=
trap 'late=1' USR1
mask=$(umask)
umask 077
read -r boot </proc/sys/kernel/random/boot_id
born $$
mine=$b
say hello 1 $(id -u) $boot
exec 2>/dev/null
whole=
[ "$(printf xy | dd bs=2 count=1 iflag=fullblock 2>/dev/null)" != xy ] || whole=1
while read -r verb rest; do
  case $verb in
    start | follow | status | cancel | list | sweep) $verb $rest ;;
    *) say refused \${rest%% *} io unknown request ;;
  esac
done
`;

/** The POSIX-sh program that answers requests on a node, in dash, busybox ash and bash. */
export const agentProgram = [
  `supervisor=${quoted(compact(supervisorProgram))}`,
  `stopper=${quoted(compact(stopper))}`,
  compact(states + requests + main),
].join('\n');
