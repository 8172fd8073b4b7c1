/**
 * What keeps one attempt on a node: a session of its own that starts the script, keeps its output up to a limit, and
 * writes `status`. Arguments: umask of the script, pid and start time of the shell that waits for it. It reads one line:
 * time limit in seconds (0: none is enforced), KiB kept of each stream, folder; it may be started long before, and ends
 * with 5 where none comes. It exits with 3 when somebody has declared the attempt void, with 4 when nothing could be
 * launched.
 *
 * The script writes into fifos that a drain reads for as long as anybody has them open, so that it never sees SIGPIPE
 * or EFBIG; the file size limit lies on the drain alone.
 */
export const supervisorProgram = `
mask=$1 agent=$2 agent_born=$3
trap : HUP INT TERM PIPE
trap 'late=1' USR1
nap() { sleep 0.2 2>/dev/null || sleep 1; }
# born PID: its state, parent, group and start time; the name in parentheses may hold anything
born() {
  b= st= pp= pg= l=
  read -r l 2>/dev/null </proc/$1/stat || return 1
  set -- \${l##*) }
  st=$1 pp=$2 pg=$3 b=\${20}
  [ "$b" ] && [ "$st" != Z ] && [ "$st" != X ]
}
record() { printf '%s\\n' "$1" 1<>"$d/status" && dd of="$d/status" conv=notrunc,fsync </dev/null 2>/dev/null; }
fail() { record never-ran; exit 4; }
drain() {
  trap '' HUP INT TERM PIPE
  ulimit -c 0
  ulimit -f $kept
  cat >&$1 || { : >"$d/$2.cut"; exec cat >/dev/null; }
}
sizes() {
  read -r l y </proc/$$/fdinfo/7
  read -r l x </proc/$$/fdinfo/8
  y="$y $x"
}
now() { read -r t l </proc/uptime; t=\${t%.*}\${t#*.}; }
group_lives() {
  for f in /proc/[0-9]*; do
    born \${f#/proc/} && [ "$pg" = $m ] && return
  done
  return 1
}
# ticks for both shells that wait, and ends the script at its time limit, also when they are gone
heart() {
  trap '' HUP INT PIPE
  pace=0.2
  now
  end=$((t + limit * 100))
  while sleep $pace 2>/dev/null || sleep 1; do
    born self
    if [ "$pp" = $$ ]; then
      kill -USR1 $$
      if [ "$agent" ]; then
        if born $agent && [ "$b" = "$agent_born" ]; then kill -USR1 $agent; else agent= pace=1; fi
      fi
    else
      born $m && [ "$b" = "$mb" ] || exit
    fi
    now
    [ $limit = 0 ] || [ $t -lt $end ] || break
  done
  trap '' TERM
  (set -C; echo timed-out >"$d/ended")
  kill -TERM -$m
  n=0
  while [ $n -lt 10 ] && kill -0 -$m; do sleep 1; n=$((n + 1)); done
  kill -KILL -$m
}
born $$
read -r limit kept d || exit 5
exec </dev/null
[ -z "$BASH_VERSION" ] || { set +o posix; kept=$((kept / 2)); }

set -C
echo "$$ $b" 2>/dev/null >"$d/launched" || exit 3
set +C
mkfifo "$d/.out" "$d/.err" & p=$!
dd of="$d/launched" conv=notrunc,fsync </dev/null 2>/dev/null || fail
while [ ! -p "$d/.err" ] && born $p; do wait $p; done
[ -p "$d/.err" ] || fail
exec 7>"$d/out" 8>"$d/err"
drain 7 out <"$d/.out" 2>/dev/null & o=$!
drain 8 err <"$d/.err" 2>/dev/null & e=$!
(umask $mask; exec setsid sh "$d/script") >"$d/.out" 2>"$d/.err" </dev/null 7>&- 8>&- & m=$!
born $m
mb=$b
echo "$$ $m $mb" >"$d/pid"
heart 2>/dev/null 7>&- 8>&- & h=$!

while wait $m; c=$?; [ $c -gt 128 ] && { born $m; [ "$b" = "$mb" ]; }; do :; done
w="exited $c"
if [ -e "$d/ended" ]; then
  read -r w <"$d/ended"
  n=0
  while [ $n -lt 60 ] && group_lives; do nap; n=$((n + 1)); done
fi

# releases a drain whose writer died before it had opened its fifo
true 3<>"$d/.out" 4<>"$d/.err"
late=
for p in $o $e; do
  while [ ! "$late" ]; do
    wait $p
    [ $? -gt 128 ] && born $p || break
  done
done
# a child in the background holds the output open: take what is there
n=0 z=
while [ "$late" ] && [ $n -lt 10 ] && { born $o || born $e; }; do
  sizes
  [ "$y" != "$z" ] || break
  z=$y n=$((n + 1))
  nap
done
late=
# TERM could reach it before it has taken off the traps of its parent, and be lost
[ "$w" = timed-out ] || kill -KILL $h 2>/dev/null
sizes
echo "$y" >"$d/sizes"
# it can hand the rest of the output on while status is being synced
born $$
[ "$pp" != "$agent" ] || kill -USR1 $agent
record "$w"
# not before the last tick: the other shell goes on to read requests
[ "$w" = timed-out ] || { wait $h; [ -z "$late" ] || wait $h; } 2>/dev/null
`;
