import type { Answer } from './complete.ts';

/** A line for each candidate: `+` where no space follows it, else `-`; the value; a tab; what is shown in the list. */
export function zshReply({ candidates }: Answer): string[] {
  const described = candidates.filter((one) => one.description !== undefined);
  const width = Math.max(0, ...described.map(({ value }) => value.length));
  return candidates.map(({ value, description, open }) => {
    const shown = description === undefined ? value : `${value.padEnd(width)}  -- ${description}`;
    return `${open === true ? '+' : '-'}${value}\t${shown}`;
  });
}

/** A line for each candidate: the value, a tab, its description. Fish itself adds no space after `/` and `=`. */
export function fishReply({ candidates }: Answer): string[] {
  return candidates.map(({ value, description }) => (description === undefined ? value : `${value}\t${description}`));
}
