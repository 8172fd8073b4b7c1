import { MOST_OUTPUTS } from './attempt.ts';

/** The part of the program on a node that answers every request but `start`, and hands output on. */
export const requestsProgram = `
open_output() {
  oo=$1 eo=$2 os=0 es=0 beat=0
  [ $deadline = 0 ] || uptime
  [ $deadline = 0 ] || deadline=$((now + deadline * 100))
  final=
  exec 5<"$d/out" 6<"$d/err"
  seek 5 $oo
  seek 6 $eo
}

uptime() { read -r now m </proc/uptime; now=\${now%.*}\${now#*.}; }
past_deadline() { [ $deadline != 0 ] || return 1; uptime; [ $now -ge $deadline ]; }

# the last line of sizes: the bytes of both files that belong to the attempt for certain
known() {
  z=
  [ ! -e "$d/sizes" ] || while read -r m b; do p=$m z=$b; done <"$d/sizes"
  [ "$z" ]
}

# what is new of both streams, to the reader
pump() {
  beat=$((beat + 1))
  if [ -s "$d/out" ] || [ -s "$d/err" ]; then
    # looked at again after stat: a mark is written only after sizes
    if known || { set -- $(stat -c %s "$d/out" "$d/err"); known; }; then set -- $p $z; fi
    os=$1 es=$2
    piece o 5 $oo $1 out
    oo=$p
    piece e 6 $eo $2 err
    eo=$p
  fi
  [ $((beat % 10)) != 0 ] || say o $tag $oo 0
}

# piece LETTER FD FROM TO NAME: the last one of a stream is often short, and then this shell hands it on itself
piece() {
  p=$3 z=$4
  [ $z -le $max ] || z=$max
  while [ $p -lt $z ]; do
    n=$((z - p)) beat=0
    [ $n -le 1048576 ] || n=1048576
    say $1 $tag $p $n
    if [ "$final" ] && [ $n -le 1024 ] && text_of $2 $n $5; then
      printf %s "$t" || exit 0
    else
      dd bs=$n count=1 <&$2 2>/dev/null || exit 0
    fi
    p=$((p + n))
  done
}
seek() { [ $2 = 0 ] || dd bs=1 skip=$2 count=0 <&$1 2>/dev/null; }

# text_of FD BYTES NAME: t is the rest of a file that no one writes to any more, if a shell, which drops NUL, gives
# all of its bytes; else they are there to be read again
text_of() {
  t= l= x=\${LC_ALL-unset}
  LC_ALL=C
  while IFS= read -r l <&$1; do t=$t$l$nl; done
  t=$t$l
  l=\${#t}
  if [ "$x" = unset ]; then unset LC_ALL; else LC_ALL=$x; fi
  [ $l != $2 ] || return 0
  eval "exec $1<\\"\\$d/\\$3\\""
  seek $1 $p
  return 1
}

finish() {
  look
  pump
  [ ! -e "$d/out.cut" ] && [ $os -le $max ] || say cut $tag o
  [ ! -e "$d/err.cut" ] && [ $es -le $max ] || say cut $tag e
  exec 5<&- 6<&-
  [ "$state" = running ] || results
  say state $tag $state
}

# what the script wrote into $RUNBOOK_OUTPUT, or as much of it as shows that it is too long
results() {
  [ -f "$d/outputs" ] && [ -s "$d/outputs" ] || return 0
  n=$(stat -c %s "$d/outputs")
  [ $n -le ${String(MOST_OUTPUTS)} ] || n=${String(MOST_OUTPUTS + 1)}
  say r $tag 0 $n
  dd bs=$n count=1 <"$d/outputs" 2>/dev/null || exit 0
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
        setsid sh -c "$stopper" runbook-stop $p </dev/null >/dev/null 2>&1 7>&- &
      fi
    fi
    nap
    look
  done
  say state $tag $state
}

# a script in a shell of its own: what it prints on both streams, then the mark, and its exit status. One that did not
# arrive whole does not run.
probe() {
  script_of $2 $3
  case $s in *"$nl# $4") ;; *) exit ;; esac
  (
    umask $mask
    # an argument could be read by every user of the node
    export RUNBOOK_SCRIPT="$s"
    exec sh -c 'eval "unset RUNBOOK_SCRIPT; $RUNBOOK_SCRIPT"' runbook-probe
  ) </dev/null 2>&7 7>&- 8<&- 9>&-
  c=$?
  printf '%s %s\\n' $5 $c || exit 0
  printf %s $5 >&7
}

list() {
  tag=$1
  for r in "$root"/*; do
    run=\${r##*/}
    [ -d "$r" ] && { [ "$2" = - ] || [ "$2" = "$run" ]; } || continue
    for d in "$r"/*; do
      [ -e "$d/claim" ] || continue
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
  lines=
  set --
  for d in "$r"/*; do
    [ -d "$d" ] || continue
    id=\${d##*/}
    look
    [ "$state" != running ] || continue
    [ ! -e "$d/claim" ] || swept || lines=$lines$id' '$state$nl
    set -- "$@" "$d"
  done
  if [ "$lines" ] && ! m=$(LC_ALL=C dd of="$r/attempts" conv=notrunc,fsync oflag=append 2>&1 <<END
\${lines%?}
END
  ); then
    refuse_io "$m"
    return
  fi
  [ $# = 0 ] || rm -rf "$@"
  say end $tag
}
`;
