import { quote } from '../../transport/quote.ts';

/** A script that changes nothing, says why and fails. */
export function refusal(reason: string): string {
  return `printf '%s\\n' ${quote(reason)} >&2\nexit 1\n`;
}
