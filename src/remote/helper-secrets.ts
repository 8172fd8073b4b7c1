/** The part of both programs on a node that takes the secrets of the attempt in folder `d` away. */
export const forgetProgram = `
forget() {
  [ -e "$d/secrets" ] || return 0
  x=
  read -r x <"$d/secrets"
  # a full disk or a power cut may have left a part of the path
  case $x in */runbook-????????-????-????-????-????????????) rm -rf "$x" ;; esac
  rm -f "$d/secrets"
}
`;

/**
 * The part of the program on a node that receives an attempt's secrets and gives them files in memory. Only builtins
 * have them: no argument list, no environment and no here-document, which some shells write to a disk.
 */
export const secretsProgram = `
# secrets_of COUNT: a line for each, NAME BYTES VALUE; k is empty without any, and - where one is missing
secrets_of() {
  # a variable that the login has in its environment stays there, whatever it is set to
  unset k l v
  k= n=$1
  while [ $n -gt 0 ] && IFS= read -r l; do
    k=$k$l$nl n=$((n - 1))
  done
  [ $n = 0 ] || k=-
}

# makes their files; says in m why it cannot. The attempt's folder names theirs before there is one.
hide() {
  [ "$k" ] || return 0
  if [ $uid = 0 ]; then set -- /run /dev/shm; else set -- "$XDG_RUNTIME_DIR" /dev/shm; fi
  m='io no folder in memory for the secrets of the step:' f=
  for p; do
    case $(stat -f -c %T "$p") in
      tmpfs | ramfs) if [ -w "$p" ]; then f=$p; break; fi ;;
    esac
    m="$m $p is no tmpfs that can be written,"
  done
  m=\${m%,}
  [ "$f" ] || return
  read -r x </proc/sys/kernel/random/uuid
  x=$f/runbook-$x m="no-space no room for the secrets of the step in $f"
  echo "$x" 2>/dev/null >"$d/secrets" && mkdir "$x" || return
  while [ "$k" ]; do
    l=\${k%%"$nl"*} k=\${k#*"$nl"}
    f=$x/\${l%% *} l=\${l#* }
    v=\${l#* } l=\${l%% *}
    printf %b "$v" 2>/dev/null >"$f"
    v=
    [ "$(wc -c <"$f")" -eq $l ] || return
  done
}

# takes back the claim of an attempt that is not going to run
drop() { k= v= l=; forget; rm -rf "$d"; }
`;
