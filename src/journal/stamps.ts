import { stat } from 'node:fs/promises';

/** Of files or folders: it changes when one of them does; `none` for each that is not there. */
export async function stampsOf(files: readonly string[]): Promise<string> {
  const stamps = await Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ size, mtimeMs }) => `${size}.${mtimeMs}`,
        () => 'none',
      ),
    ),
  );
  return stamps.join('-');
}
