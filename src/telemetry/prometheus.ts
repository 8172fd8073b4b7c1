/** A value with what it is of. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** All values of one name. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** Characters of a label's value: names of phases are free text. */
const LONGEST = 128;

/**
 * Prometheus' text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/). All are gauges, because
 * each run starts from zero. `common`: labels of every sample.
 */
export function promText(families: readonly Family[], common: Readonly<Record<string, string>>): string {
  const texts = families
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, help, samples }) => {
      const lines = samples.map(({ labels, value }) => `${name}${labelsText({ ...common, ...labels })} ${value}`);
      return [`# HELP ${name} ${help.replaceAll('\\', '\\\\')}`, `# TYPE ${name} gauge`, ...lines].join('\n');
    });
  return `${texts.join('\n')}\n`;
}

export function labelsText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(shortened(value))}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function shortened(value: string): string {
  const characters = Array.from(value);
  return characters.length <= LONGEST ? value : `${characters.slice(0, LONGEST - 1).join('')}…`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
