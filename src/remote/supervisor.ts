import { forgetProgram } from './helper-secrets.ts';

/**
 * What keeps one attempt on a node: a session of its own that starts the script, keeps its output up to a limit, and
 * writes `status`. Arguments: umask of the script, pid and start time of the shell that waits for it.
 * It may start long before its attempt, and reads one line: time limit in seconds (0: not enforced), file size limit
 * of each stream in blocks of 512 bytes, folder. It exits with 5 where none comes, with 3 when the attempt has been
 * declared void, with 4 when nothing could be launched.
 *
 * The script writes into pipes that a drain reads for as long as anything has them open, so that it never sees SIGPIPE
 * or EFBIG; only the drain has the file size limit. The output is complete at the end of the pipe. Where a child in the
 * background keeps the pipe open, the supervisor writes a mark into it once the script has ended: what comes before the
 * mark is the attempt's output, however late the drain runs.
 */
export const supervisorProgram = `
mask=$1 helper=$2 helper_born=$3
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
fail() { forget; record never-ran; exit 4; }
${forgetProgram}
# drain FD NAME PIPE OTHER: moves the pipe into the file; it holds no other, or the reader of that one would see no end
drain() {
  exec <&$3 5>&- 6>&-
  eval "exec $4>&-"
  trap '' HUP INT TERM PIPE
  ulimit -c 0
  ulimit -f $kept
  cat >&$1 || { : >"$d/$2.cut"; exec cat >/dev/null; }
}
size() { read -r l z </proc/$$/fdinfo/$1; }
# mark PID FD: writes the mark into the pipe of that drain; a signal can interrupt it
mark() { until printf '\\n%s\\n' $id >/proc/$1/fd/$2 || ! born $1; do nap; done; }
# ending PID FD NAME FROM: z is the size of the file up to the mark, or the whole where the drain has ended before it
ending() {
  more=1
  while :; do
    born $1 && [ ! -e "$d/$3.cut" ] || more=
    size $2
    if [ $((z - $4)) -gt 37 ]; then
      n=$(tail -c +$(($4 + 1)) "$d/$3" | tr '\\000' . | LC_ALL=C sed -n "/^$id\\$/q;p" | wc -c)
      n=$(($4 + n - 1))
      if [ $((n + 38)) -le $z ]; then z=$n; return; fi
    fi
    [ "$more" ] || return
    nap
  done
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
  exec 5>&- 7>&- 8>&-
  trap '' HUP INT PIPE
  pace=0.2
  now
  end=$((t + limit * 100))
  while sleep $pace 2>/dev/null || sleep 1; do
    born self
    if [ "$pp" = $$ ]; then
      kill -USR1 $$
      if [ "$helper" ]; then
        if born $helper && [ "$b" = "$helper_born" ]; then kill -USR1 $helper; else helper= pace=1; fi
      fi
    else
      born $m && [ "$b" = "$mb" ] || { forget; exit; }
    fi
    now
    [ $limit = 0 ] || [ $t -lt $end ] || break
  done
  # the script has ended by itself: its output is still on its way
  born $m && [ "$b" = "$mb" ] || exit
  trap '' TERM
  (set -C; echo timed-out >"$d/ended")
  kill -TERM -$m
  n=0
  while [ $n -lt 10 ] && kill -0 -$m; do sleep 1; n=$((n + 1)); done
  kill -KILL -$m
  born self
  [ "$pp" = $$ ] || forget
}
born $$
mine=$b
exec 3<<P 4<<P 5<<P 6<<P
-
P
-
P
-
P
-
P
if [ -p /proc/self/fd/6 ]; then
  exec 3<>/proc/self/fd/3 4<>/proc/self/fd/4 5<>/proc/self/fd/5 6<>/proc/self/fd/6
  for f in 3 4 5 6; do read -r l <&$f; done
else
  f=$4/.$$
  mkfifo "$f.o" "$f.e" "$f.s" "$f.g" && exec 3<>"$f.o" 4<>"$f.e" 5<>"$f.s" 6<>"$f.g" || f=
  rm -f "$4/.$$".?
fi
setsid sh -c 'IFS= read -r d && exec </dev/null && umask $1 &&
if [ -e "$d/secrets" ]; then read -r RUNBOOK_SECRETS <"$d/secrets" && export RUNBOOK_SECRETS; fi &&
export RUNBOOK_OUTPUT="$d/output" && exec sh "$d/script"' runbook-step $mask \
  </proc/self/fd/6 >/proc/self/fd/3 2>/proc/self/fd/4 3>&- 4>&- 5>&- 6>&- & m=$!
born $m
mb=$b
read -r limit kept d || exit 5
[ "$f" ] || exit 4
exec </dev/null
[ -z "$BASH_VERSION" ] || { set +o posix; kept=$((kept / 2)); }

set -C
echo "$$ $mine" 2>/dev/null >"$d/launched" || exit 3
set +C
dd of="$d/launched" conv=notrunc,fsync 2>/dev/null 3>&- 4>&- 5>&- 6>&- & p=$!
exec 7>"$d/out" 8>"$d/err" 3</proc/self/fd/3 4</proc/self/fd/4
drain 7 out 3 4 2>/dev/null & o=$!
drain 8 err 4 3 2>/dev/null & e=$!
dd of="$d/status" conv=notrunc,fsync count=1 </proc/self/fd/5 2>/dev/null 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- & s=$!
exec 3>&- 4>&-
while wait $p; c=$?; [ $c -gt 128 ] && born $p; do :; done
[ $c = 0 ] || fail
echo "$$ $m $mb" >"$d/pid"
printf '%s\n' "$d" >&6
exec 6>&-
heart 2>/dev/null & h=$!

while wait $m; c=$?; [ $c -gt 128 ] && { born $m; [ "$b" = "$mb" ]; }; do :; done
w="exited $c"
if [ -e "$d/ended" ]; then
  read -r w <"$d/ended"
  n=0
  while [ $n -lt 60 ] && group_lives; do nap; n=$((n + 1)); done
fi
forget

late=
for p in $o $e; do
  while [ ! "$late" ]; do
    wait $p
    [ $? -gt 128 ] && born $p || break
  done
done
size 7
y=$z
size 8
if [ "$late" ]; then
  # the other shell must hand nothing beyond this on before the mark is found
  echo "$y $z" >>"$d/sizes"
  x=$z
  read -r id </proc/sys/kernel/random/uuid
  mark $o 3
  mark $e 4
  ending $o 7 out $y
  y=$z
  ending $e 8 err $x
fi
# under another name, a child in the background does not shorten what is read; synced ahead of status
if [ -s "$d/output" ] && mv -f "$d/output" "$d/outputs"; then
  dd if=/dev/null of="$d/outputs" conv=notrunc,fsync 2>/dev/null
fi
late=
# TERM could reach it before it has taken off the traps of its parent, and be lost
[ "$w" = timed-out ] || kill -KILL $h 2>/dev/null
echo "$y $z" >>"$d/sizes"
# it can hand the rest of the output on while status is being synced
born $$
[ "$pp" != "$helper" ] || kill -USR1 $helper
printf '%s\n' "$w" >&5
exec 5>&-
while wait $s; c=$?; [ $c -gt 128 ] && born $s; do :; done
[ $c = 0 ] || record "$w"
# not before the last tick: the other shell continues with requests
[ "$w" = timed-out ] || { wait $h; [ -z "$late" ] || wait $h; } 2>/dev/null
`;
