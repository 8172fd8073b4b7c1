import { sha256 } from '../../digest.ts';

/** What stands for what in one file: the same for the same, numbered in the order of appearance. */
export class Replacements {
  readonly #known = new Map<string, string>();
  readonly #counts = new Map<string, number>();

  /** @param kind what it is called where it is met first: `node`, `ns` ... */
  of(text: string, kind: string, form: (number: number) => string = (number) => `${kind}-${number}`): string {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const number = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, number);
    const replacement = form(number);
    this.#known.set(text, replacement);
    return replacement;
  }

  get(text: string): string | undefined {
    return this.#known.get(text);
  }

  /** An identifier of as many hexadecimal digits, with its dashes. */
  hex(text: string): string {
    return this.of(text, 'id', (number) => {
      // Ids of members of etcd are numbers, and so have no zero in front.
      const digits = sha256(`id ${number}`)
        .replace(/^0/, 'a')
        .repeat(Math.ceil(text.length / 64));
      return text.replaceAll(/[^-]/g, (_char, at: number) => digits[at] ?? '0');
    });
  }

  /** An address of documentation's or private ranges, one for each. */
  ipv4(text: string): string {
    if (/^(127\.|0\.0\.0\.0$|255\.255\.|10\.96\.0\.(0|1|10)$|10\.244\.0\.0$)/.test(text)) return text;
    return this.of(text, 'ipv4', (number) => {
      const at = number - 1;
      return `10.${Math.floor(at / 62_500) % 250}.${Math.floor(at / 250) % 250}.${(at % 250) + 1}`;
    });
  }

  ipv6(text: string): string {
    return text === '::' || text === '::1' ? text : this.of(text, 'ipv6', (number) => `fd00::${number.toString(16)}`);
  }
}
