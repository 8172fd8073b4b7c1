/** The text as a basic regular expression of sed, matching itself, for a `s|...|...|`. */
export function sedPattern(text: string): string {
  return text.replaceAll(/[\\.*[\]^$|]/g, String.raw`\$&`);
}

/** The text as the replacement of a `s|...|...|`. */
export function sedReplacement(text: string): string {
  return text.replaceAll(/[\\&|]/g, String.raw`\$&`);
}

/** Shell functions that save a file, restore it, and copy it to edit. Package managers ignore `.save` files. */
export const FILES = `keep() {
  if [ -e "$1" ]; then cp -p "$1" "$1.before.save"; else rm -f "$1.before.save"; fi
}
put_back() {
  if [ -e "$1.before.save" ]; then mv -f "$1.before.save" "$1"; else rm -f "$1"; fi
}
stage() {
  if [ -e "$1" ]; then cp -p "$1" "$1.new.save"; else : >"$1.new.save" && chmod 0644 "$1.new.save"; fi
}`;
