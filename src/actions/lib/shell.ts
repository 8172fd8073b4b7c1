import { quote } from '../../transport/quote.ts';

/** The text as a basic regular expression of sed, matching itself, for a `s|...|...|`. */
export function sedPattern(text: string): string {
  return text.replaceAll(/[\\.*[\]^$|]/g, String.raw`\$&`);
}

/** The text as the replacement of a `s|...|...|`. */
export function sedReplacement(text: string): string {
  return text.replaceAll(/[\\&|]/g, String.raw`\$&`);
}

/** A script that changes nothing, says why and fails. */
export function refusal(reason: string): string {
  return `printf '%s\\n' ${quote(reason)} >&2\nexit 1\n`;
}
