import { execa } from 'execa';
import { messageOf } from '../failure.ts';

/** Opens an address in the browser of this desktop. @returns why it could not be opened */
export async function openBrowser(url: string): Promise<string | undefined> {
  const program = process.platform === 'darwin' ? 'open' : 'xdg-open';
  // The browser may be a child of it, and lives on.
  const opening = execa(program, [url], { stdio: 'ignore', detached: true, cleanup: false, reject: false });
  opening.unref();
  const { failed, exitCode, code, originalMessage } = await opening;
  if (!failed) return undefined;
  if (code === 'ENOENT') return `${program} is not installed`;
  return exitCode === undefined ? messageOf(originalMessage ?? 'it ended') : `${program} ended with ${exitCode}`;
}
