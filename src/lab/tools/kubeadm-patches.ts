import { parse, stringify } from 'yaml';
import type { Machine } from '../machine.ts';

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly value?: unknown;
}

/**
 * A manifest with the JSON patches of a folder, as `kubeadm --patches` lays them over what it writes: files
 * `COMPONENT[suffix]+json.json` or `.yaml`, in the order of their names (kubeadm/app/util/patches/patches.go). Of the
 * operations `add` and `replace`; other types of patches are refused, as the simulation does not know them.
 * @returns the manifest, or why it cannot be written
 */
export async function patched(
  machine: Machine,
  folder: string | undefined,
  component: string,
  manifest: string,
): Promise<{ readonly text: string } | { readonly error: string }> {
  if (folder === undefined) return { text: manifest };
  if (!(await machine.fs.exists(folder))) return { error: `lstat ${folder}: no such file or directory` };
  const files = (await machine.fs.readdir(folder)).filter((name) =>
    new RegExp(`^${component}\\d*(\\+\\w+)?\\.(json|yaml)$`).test(name),
  );
  const pod: unknown = parse(manifest);
  for (const file of files.toSorted()) {
    if (!file.includes('+json.')) return { error: `${file}: the lab knows JSON patches only (+json)` };
    const operations = parse(await machine.fs.readFile(`${folder}/${file}`)) as readonly Operation[];
    for (const operation of operations) apply(pod, operation);
  }
  return { text: files.length > 0 ? stringify(pod) : manifest };
}

function apply(pod: unknown, { op, path, value }: Operation): void {
  const places = path
    .split('/')
    .slice(1)
    .map((place) => place.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = places.pop() ?? '';
  const at = places.reduce<unknown>((part, place) => (part as Record<string, unknown>)[place], pod);
  if (Array.isArray(at) && op === 'add') at.splice(last === '-' ? at.length : Number(last), 0, value);
  else (at as Record<string, unknown>)[last] = value;
}
