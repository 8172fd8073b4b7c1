/** Programs of awk that change one stanza of a .sources file and print the whole file. */

/**
 * Takes the source at line `at` out of use. If its stanza also has the address `wanted`, only the address that begins
 * with `uri` is removed.
 */
export const DISABLE_URI = `{ line[NR] = $0 }
END {
  first = last = at
  while (first > 1 && line[first - 1] !~ /^[ \\t]*$/) first--
  while (last < NR && line[last + 1] !~ /^[ \\t]*$/) last++
  for (i = first; i <= last; i++) if (line[i] !~ /^[ \\t]*#/ && index(line[i], wanted)) shared = 1
  if (shared) {
    start = index(line[at], uri)
    rest = substr(line[at], start)
    sub(/^[^ \\t]*/, "", rest)
    line[at] = substr(line[at], 1, start - 1) rest
  }
  for (i = 1; i <= NR; i++) {
    if (i == first && !shared) print "Enabled: no"
    if (shared || i < first || i > last || tolower(line[i]) !~ /^enabled[ \\t]*:/) print line[i]
  }
}`;

/** Puts the armored key of the file `key` in place of the one in the stanza with the address `wanted`. */
export const REPLACE_KEY = `{ line[NR] = $0 }
END {
  for (at = 1; at <= NR; at++) if (line[at] !~ /^[ \\t]*#/ && index(line[at], wanted)) break
  if (at > NR) exit 1
  first = last = at
  while (first > 1 && line[first - 1] !~ /^[ \\t]*$/) first--
  while (last < NR && line[last + 1] !~ /^[ \\t]*$/) last++
  for (i = 1; i <= NR; i++) {
    if (i >= first && i <= last && tolower(line[i]) ~ /^signed-by[ \\t]*:/) {
      print "Signed-By:"
      while ((getline part < key) > 0) print (part ~ /^[ \\t\\r]*$/ ? " ." : " " part)
      while (i < last && line[i + 1] ~ /^[ \\t]/) i++
    } else print line[i]
  }
}`;
