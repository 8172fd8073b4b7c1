import { parse } from 'yaml';

/** The value of a YAML (or JSON) text; undefined where it is none. */
export function yamlOf(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
