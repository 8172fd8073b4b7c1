/** The key of a planned step in maps, messages and `--treat`: `worker-1/4.5-drain`. */
export function stepKey(node: string, step: string): string {
  return `${node}/${step}`;
}

/** A step's id without its numbers, which others before it change: `drain` of `5.2-drain`. */
export function unnumbered(id: string): string {
  return id.replace(/^[\d.]+-/, '');
}
