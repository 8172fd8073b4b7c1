/** Ends the script whose process group is its argument, detached from the connection that asked for it. */
export const stopProgram = `
trap '' HUP
kill -TERM -$1 || kill -TERM $1
n=0
while [ $n -lt 10 ] && kill -0 -$1; do sleep 1; n=$((n + 1)); done
kill -KILL -$1
`;

/** The part of the program on a node that finds out what became of the attempt in folder `d`. */
export const statesProgram = `
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

launcher() { lp= lb=; read -r lp lb 2>/dev/null <"$d/launched"; [ "$lp" ]; }

# sets state of the attempt in d; what it calls never-ran cannot run any more
look() {
  state=absent
  if [ ! -e "$d/claim" ]; then ! swept || :; return; fi
  ! ended || return
  # its line is being written
  [ -s "$d/claim" ] || nap
  cp= cb= bt= same=
  read -r cp cb bt 2>/dev/null <"$d/claim"
  # that of an earlier version has the boot in a file of its own
  [ "$bt" ] || read -r bt 2>/dev/null <"$d/boot"
  [ "$bt" != "$boot" ] || same=1
  state=running
  if ! launcher; then
    [ -z "$same" ] || ! alive "$cp" "$cb" || return
    [ ! -e "$d/launched" ] || nap
    if ! launcher; then
      [ -z "$same" ] || ! alive "$cp" "$cb" || return
      (set -C; echo void >"$d/launched") 2>/dev/null
      launcher
    fi
  fi
  ! ended || return
  state=running
  if [ "$lp" = void ]; then state=never-ran; forget; return; fi
  if [ -z "$same" ]; then state='interrupted rebooted'; forget; return; fi
  ! alive "$lp" "$lb" || return
  ! ended || return
  m= p= b=
  read -r m p pb 2>/dev/null <"$d/pid"
  ! alive "$p" "$pb" || return
  state='interrupted same-boot'
  forget
}
`;
