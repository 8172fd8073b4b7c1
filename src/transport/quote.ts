/** One word of POSIX sh that stands for exactly this text; quoted only where it must be. */
export function quote(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** One word for any login shell: fish takes a backslash within quotes for more than itself. */
export function loginWord(text: string): string {
  return `'${text.replaceAll(/['\\]/g, (letter) => `'\\${letter}'`)}'`;
}
