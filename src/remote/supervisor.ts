import { forgetProgram } from './helper-secrets.ts';

/**
 * What keeps attempts on a node: a session of its own that starts one script after the other, keeps its output up to a
 * limit, and writes `status`. Arguments: umask of the scripts, and the run's folder.
 * For each attempt it reads one line: `-`, time limit in seconds (0: not enforced), file size limit of each stream in blocks
 * of 512 bytes, folder. It prints `launched PID`, `sized` once all output is there to stay, `tick` meanwhile, and
 * `end 0`; `end 3` when the attempt was declared void, `end 4` when nothing could be launched, and ends then. Without
 * the shell that sends the lines it ends once its attempt has ended.
 *
 * The script writes into pipes that a drain reads for as long as anything has them open, so that it never sees SIGPIPE
 * or EFBIG; only the drain has the file size limit. The output is complete at the end of the pipe. Where a child in the
 * background keeps the pipe open, the supervisor writes a mark into it once the script has ended: what comes before the
 * mark is the attempt's output, however late the drain runs.
 */
export const supervisorProgram = `
mask=$1 r=$2
trap 'i="$i 129"' HUP
trap 'i="$i 130"' INT
trap 'i="$i 141"' PIPE
trap 'i="$i 143"' TERM
ticks() { trap 'late=1 i="$i 138"' USR1; }
ticks
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
over() { echo end $1; exit; }
fail() { forget; record never-ran; over 4; }
${forgetProgram}
# drain FD PIPE: moves the pipe into the file; it holds no other, or the reader of that one would see no end
drain() {
  exec <&$2 >&$1 3<&- 4<&- 5>&- 6>&- 7>&- 8>&- 9>&-
  trap '' HUP INT TERM PIPE
  ulimit -c 0
  [ $1 = 1 ] || ulimit -f $kept
  exec cat
}
# interrupted PID: whether c, what wait gave for that child since i was emptied, is that of a signal; where the child ended
# just then, its own is still to come. bash may have lost it then, and would wait without end.
interrupted() {
  if [ "$BASH_VERSION" ]; then [ $c -gt 128 ] && born $1; return; fi
  case "$i " in *" $c "*) return 0 ;; esac
  return 1
}
# waited PID: c is how that child ended
waited() { while i=; wait $1; c=$?; interrupted $1; do :; done; }
# reap PID NAME PIPE: waits for a drain and sets p to what still reads, if anything does: where it ended at its limit,
# or on a full disk, another one drops the rest
reap() {
  p=$1
  while i=; wait $p; c=$?; interrupted $p; do
    ! born $p || return
  done
  p=
  [ $c != 0 ] || return
  : >"$d/$2.cut"
  drain 1 $3 >/dev/null & p=$!
}
size() { read -r l z </proc/$$/fdinfo/$1; }
# mark PID: writes the mark into the pipe of that drain; a signal can interrupt it
mark() { until printf '\\n%s\\n' $id >/proc/$1/fd/0 || ! born $1; do nap; done; }
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
# whether the attempt in d has ended, or is swept away
has_status() { w=; read -r w 2>/dev/null <"$d/status"; [ "$w" ] || [ ! -e "$d/status" ]; }
# ticks for both shells that wait for the attempt, and ends its script at its time limit, also when they are gone; reads
# a line for each: hundredths of a second since boot at which its time is over (0: none), pid, start time, pids of its
# drains, folder. The supervisor gets a tick only where one of the three has ended a while ago: as it ends, a signal can
# cost bash what wait would give.
heart() {
  exec </proc/self/fd/9
  exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
  trap '' HUP INT TERM PIPE
  pace=0.2
  while read -r end m mb o e d; do
    gone=
    until has_status; do
      sleep $pace 2>/dev/null || sleep 1
      ! has_status || break
      born self
      if [ "$pp" != $$ ]; then
        born $m && [ "$b" = "$mb" ] || { forget; exit; }
      elif born $m && [ "$b" = "$mb" ] && born $o && born $e; then
        gone=
      elif [ "$gone" ]; then
        kill -USR1 $$
      else
        gone=1
      fi
      # one that was not seen yet is enough: the shell that reads them may be held up by its reader
      [ -s "$d/tick" ] || { echo >"$d/tick"; echo tick || pace=1; } 2>/dev/null
      now
      [ $end = 0 ] || [ $t -lt $end ] || { expire; break; }
    done
  done
}
expire() {
  # the script has ended by itself: its output is still on its way
  born $m && [ "$b" = "$mb" ] || return
  (set -C; echo timed-out >"$d/ended")
  kill -TERM -$m
  n=0
  while [ $n -lt 10 ] && kill -0 -$m; do sleep 1; n=$((n + 1)); done
  kill -KILL -$m
  born self
  [ "$pp" = $$ ] || { forget; exit; }
}
# pipes FD...: each a pipe without a name where the shell gives one, else of a fifo; it can be read and written
pipes() {
  for x; do
    if eval "[ -p /proc/self/fd/$x ]"; then
      eval "exec $x<>/proc/self/fd/$x; read -r l <&$x"
    else
      mkfifo "$r/.pipe.$$" || return
      eval "exec $x<>\\"$r/.pipe.$$\\""
      rm -f "$r/.pipe.$$"
    fi
  done
}
born $$
mine=$b
[ -z "$BASH_VERSION" ] || set +o posix
exec 9<<P
-
P
pipes 9 || over 4
h= h_born=
while :; do
  exec 3<<P 4<<P 5<<P 6<<P
-
P
-
P
-
P
-
P
  pipes 3 4 5 6 || over 4
  setsid sh -c 'IFS= read -r d && exec </dev/null && umask $1 &&
if [ -e "$d/secrets" ]; then read -r RUNBOOK_SECRETS <"$d/secrets" && export RUNBOOK_SECRETS; fi &&
export RUNBOOK_OUTPUT="$d/output" && exec sh "$d/script"' runbook-step $mask \
    </proc/self/fd/6 >/proc/self/fd/3 2>/proc/self/fd/4 3>&- 4>&- 5>&- 6>&- 9>&- & m=$!
  born $m
  mb=$b
  # a tick for the attempt before would have read lose what it has of the line, but for bash, which reads on
  [ "$BASH_VERSION" ] || trap '' USR1
  while i=; ! read -r w limit kept d; do [ "$i" ] || exit 0; done
  [ "$BASH_VERSION" ] || ticks
  [ "$w" = - ] || over 4
  [ -z "$BASH_VERSION" ] || kept=$((kept / 2))

  set -C
  echo "$$ $mine" 2>/dev/null >"$d/launched" || over 3
  set +C
  dd of="$d/launched" conv=notrunc,fsync 2>/dev/null </dev/null 3>&- 4>&- 5>&- 6>&- 9>&- & p=$!
  exec 7>"$d/out" 8>"$d/err" 3</proc/self/fd/3 4</proc/self/fd/4
  drain 7 3 & o=$!
  drain 8 4 & e=$!
  dd of="$d/status" conv=notrunc,fsync count=1 </proc/self/fd/5 2>/dev/null 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- & s=$!
  waited $p
  [ $c = 0 ] || fail
  echo "$$ $m $mb" >"$d/pid"
  printf '%s\\n' "$d" >&6
  exec 6>&-
  echo launched $m
  born "$h" && [ "$b" = "$h_born" ] || { heart 2>/dev/null & h=$!; born $h; h_born=$b; }
  t=0
  [ $limit = 0 ] || { now; t=$((t + limit * 100)); }
  echo $t $m $mb $o $e "$d" >&9

  while i=; wait $m; c=$?; interrupted $m; do
    [ ! "$o" ] || born $o || { reap $o out 3; o=$p; }
    [ ! "$e" ] || born $e || { reap $e err 4; e=$p; }
  done
  w="exited $c"
  if [ -e "$d/ended" ]; then
    read -r w <"$d/ended"
    n=0
    while [ $n -lt 60 ] && group_lives; do nap; n=$((n + 1)); done
  fi
  forget

  late=
  until [ "$late" ] || [ ! "$o" ] || [ -e "$d/out.cut" ]; do reap $o out 3; o=$p; done
  until [ "$late" ] || [ ! "$e" ] || [ -e "$d/err.cut" ]; do reap $e err 4; e=$p; done
  size 7
  y=$z
  size 8
  if [ "$late" ]; then
    # the other shell must hand nothing beyond this on before the mark is found
    echo "$y $z" >>"$d/sizes"
    x=$z
    read -r id </proc/sys/kernel/random/uuid
    mark "$o"
    mark "$e"
    ending "$o" 7 out $y
    y=$z
    ending "$e" 8 err $x
    # for what a child in the background still writes: the drain could end at its limit
    drain 1 3 >/dev/null &
    drain 1 4 >/dev/null &
  fi
  exec 3<&- 4<&-
  # under another name, a child in the background does not shorten what is read; synced ahead of status
  if [ -f "$d/output" ] && [ -s "$d/output" ] && mv -f "$d/output" "$d/outputs"; then
    dd if=/dev/null of="$d/outputs" conv=notrunc,fsync 2>/dev/null
  fi
  echo "$y $z" >>"$d/sizes"
  # it can hand the rest of the output on while status is being synced; no one writes to the files any more
  [ "$late" ] || echo sized
  printf '%s\\n' "$w" >&5
  exec 5>&- 7>&- 8>&-
  waited $s
  [ $c = 0 ] || record "$w" || exit
  echo end 0
done
`;
