/** The part of the node's program that claims and launches an attempt; the others define `pump`, `look` and so on. */
export const startProgram = `
# take COUNT: exactly so many bytes of stdin, never more; ends the shell that runs it
take() {
  [ "$1" = 0 ] || if [ "$whole" ]; then exec dd bs=$1 count=1 iflag=fullblock; else exec dd bs=1 count=$1; fi 2>/dev/null
}
nl='
'
# script_of BYTES LINES: the payload; a short one is read here, which is quicker than starting a program for it
script_of() {
  s=
  if [ "$2" = 0 ]; then s=$(take $1); return; fi
  n=$2
  while [ $n -gt 0 ] && IFS= read -r l; do
    s=$s$l$nl n=$((n - 1))
  done
  s=\${s%?}
}
say() { printf '%s\\n' "$*" || exit 0; }
refuse() { say refused $tag "$@"; }
named() {
  case $run in '' | *[!a-z0-9-]*) refuse io bad name of a run; return 1 ;; esac
  case $id in '' | .* | *[!A-Za-z0-9._-]*) refuse io bad name of an attempt; return 1 ;; esac
  r=$root/$run d=$root/$run/$id
}

start() {
  tag=$1 run=$2 id=$3 epoch=$4 limit=$5 mode=$6 max=$7 len=$8 sha=$9 fence=\${11:-0} lock=\${12:--} domain=\${13:--}
  if named && may_claim; then fit=1; else fit=; fi
  script_of $len \${10:-0}
  secrets_of \${14:-0}
  [ "$fit" ] || return
  if [ "$k" = - ]; then refuse damaged the secrets did not arrive whole; return; fi
  m=
  [ -d "$d" ] || { mkdir "$d" & m=$!; }
  sum=$(sha256sum <<END
$s
END
)
  [ ! "$m" ] || wait $m
  if [ "\${sum%% *}" != "$sha" ]; then rmdir "$d"; refuse damaged the script did not arrive whole; return; fi
  claim || return
  say claimed $tag
  kill_after=$limit
  [ $mode = kill ] || kill_after=0
  hide || { drop; refuse $m; return; }
  [ "$sup" ] && alive $sup $sup_born || ready
  # a KiB more than is kept: room for the mark behind it
  echo - $kill_after $(((max + 2047) / 1024 * 2)) "$d" >&9
  deadline=0
  [ $mode = kill ] || deadline=$limit
  open_output 0 0
  code=
  while read -r w p <&8; do
    case $w in
      launched) say launched $tag $p ;;
      end) code=$p; break ;;
      *)
        if [ $w = tick ]; then : >"$d/tick"; else final=1; fi
        pump
        # what ticks outlives it
        alive $sup $sup_born || break
        if past_deadline; then
          look
          # what the attempt answers until it ends is for no one
          if [ "$state" = running ]; then finish; exit; fi
        fi
        ;;
    esac
  done
  if [ "$code" != 0 ]; then
    # its line may still be in the pipe, for the next one to read
    exec 8<&- 9>&-
    sup=
    if [ "$code" = 4 ] || [ ! -e "$d/launched" ]; then
      drop
      if [ "$code" ]; then refuse no-space no room to launch in "$d"; else refuse io could not launch in "$d"; fi
      return
    fi
  fi
  finish
  [ "$state" != running ] || exit
  [ "$sup" ] || ready
}

# starts a supervisor that waits for attempts: it ends with this shell. It alone holds the end of the pipe by which it
# answers, so that its end is seen.
ready() {
  [ "$scoped" ] || find_scope
  exec 8<<P 9<<P
-
P
-
P
  if [ -p /proc/self/fd/9 ]; then
    read -r l <&8
    exec 4>/proc/self/fd/8 9<>/proc/self/fd/9
    read -r l <&9
  else
    rm -f "$r/.pipe.$$"
    mkfifo "$r/.pipe.$$"
    exec 9<>"$r/.pipe.$$"
    rm -f "$r/.pipe.$$"
    mkfifo "$r/.pipe.$$"
    exec 4<>"$r/.pipe.$$"
    exec 8<"$r/.pipe.$$" 4>"$r/.pipe.$$"
    rm -f "$r/.pipe.$$"
  fi
  $scope setsid sh -c "$supervisor" runbook-attempt $mask "$r" </proc/$$/fd/9 >&4 2>/dev/null 4>&- 7>&- 8<&- 9>&- & sup=$!
  exec 4>&-
  born $sup
  sup_born=$b
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
  [ $uid = 0 ] || scope="systemd-run --user \${scope#* }"
}

# the supervisor of a run's attempts, and the folders of those that are named
prepare() {
  tag=$1 run=$2 id=x
  shift 2
  named && folder || return
  [ "$sup" ] && alive $sup $sup_born || ready
  for id; do
    shift
    named || return
    [ -d "$d" ] || set -- "$@" "$d"
  done
  [ $# = 0 ] || mkdir "$@"
  say end $tag
}

# the folders above the attempt
folder() {
  [ ! -d "$r" ] || return 0
  if ! m=$(LC_ALL=C mkdir -p "$r" 2>&1); then refuse_io "$m"; return 1; fi
  [ -O "$root" ] || { refuse io "$root belongs to another user"; return 1; }
}

# whether the attempt may be claimed; keeps the epoch
may_claim() {
  folder || return
  if swept; then refuse already-claimed swept; return 1; fi
  seen=0
  [ ! -e "$r/epoch" ] || read -r seen <"$r/epoch"
  [ $epoch -ge $seen ] || { refuse stale-epoch $seen; return 1; }
  [ $epoch = $seen ] || raise $epoch "$r/epoch" || return
  ! overtaken || { refuse stale-lock "$m"; return 1; }
}

# raise NUMBER FILE
raise() {
  m=$( { echo $1 | LC_ALL=C dd of="$2.$$" conv=fsync && mv -f "$2.$$" "$2"; } 2>&1) || { refuse_io "$m"; return 1; }
}

# says in m why the claimer's lock does not count any more
overtaken() {
  [ "$lock" != - ] || return
  for t in 1 2 3; do
    g=0 h=
    for f in "$root"/lock/g*; do
      f=\${f##*/g}
      if [ "$f" -gt $g ]; then g=$f; fi
    done
    [ $g != 0 ] && ! read -r h <"$root/lock/g$g" || break
  done
  case $h in
    *'"id":"'$lock'"'*)
      m='the lock was released'
      [ -e "$root/lock/free$g" ]
      return
      ;;
  esac
  case $h in *'"domain":"'$domain'"'*) ;; *) return 1 ;; esac
  t=\${h##*'"fence":'}
  t=\${t%%[!0-9]*}
  m='the lock is held by another'
  [ "\${t:-0}" -gt $fence ]
}

# one exclusive create of a file makes the attempt this shell's
claim() {
  if [ ! -d "$d" ] && ! m=$(LC_ALL=C mkdir "$d" 2>&1) && [ ! -d "$d" ]; then refuse_io "$m"; return 1; fi
  set -C
  { echo $$ $mine $boot >"$d/claim"; } 2>/dev/null
  c=$?
  set +C
  if [ $c != 0 ]; then
    if [ -s "$d/claim" ] || { m=$(echo | LC_ALL=C dd of="$d/room" 2>&1) && [ -e "$d/claim" ]; }; then
      refuse already-claimed
      return 1
    fi
    rm -rf "$d"
    refuse_io "$m"
    return 1
  fi
  if furnish 2>/dev/null; then
    read -r seen <"$r/epoch"
    if [ $epoch -lt $seen ]; then m=stale-epoch; elif overtaken; then m="stale-lock $m"; else return 0; fi
  else
    m="no-space cannot keep the script and room for its status in $d"
  fi
  rm -rf "$d"
  refuse $m
  return 1
}

furnish() {
  printf '%511s\\n' '' >"$d/status" && printf '%s\\n' "$s" >"$d/script" && echo $max >"$d/max" &&
    : >"$d/out" && : >"$d/err" && : >"$d/output" && : >"$d/pid" && echo >"$d/sizes"
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
`;
