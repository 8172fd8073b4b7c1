/** The key of a planned step in maps, messages and `--treat`: `worker-1/4.5-drain`. */
export function stepKey(node: string, step: string): string {
  return `${node}/${step}`;
}
