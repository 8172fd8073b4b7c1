import { createReadStream, readFileSync, statSync } from 'node:fs';
import type { Diagnostic } from '../diagnostic.ts';
import { messageOf } from '../failure.ts';
import { problem, Source } from './source.ts';

export type Read<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly diagnostic: Diagnostic };

/** Bytes of a document: an inventory of 5,000 nodes has a third of it. */
const LARGEST = 1024 * 1024;
const TOO_LARGE = 'it is larger than 1 MiB';
const NOT_TEXT = 'here is its first NUL character; save it as text in UTF-8';

/** The text of a document, or a diagnostic that names the file where it cannot be read. */
export async function readDocument(file: string): Promise<Read<string>> {
  const refuse = (why: string, detail?: string): Read<string> => ({
    ok: false,
    diagnostic: problem('unreadable', `cannot read ${file}: ${why}`, undefined, detail),
  });
  try {
    const bytes = await firstBytes(file, LARGEST + 1);
    if (bytes.length > LARGEST) return refuse(TOO_LARGE, 'split it into several documents');
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const nul = text.indexOf('\0');
    if (nul !== -1) {
      const summary = `cannot read ${file}: it is not a text`;
      const diagnostic = problem('unreadable', summary, new Source(file, text).span(nul), NOT_TEXT);
      return { ok: false, diagnostic };
    }
    if (text.trim() !== '') return { ok: true, value: text };
    return { ok: false, diagnostic: problem('empty', 'the file is empty', new Source(file, text).span(0)) };
  } catch (error) {
    if (error instanceof TypeError) return refuse('it is not UTF-8');
    return refuse(reasonOf(error));
  }
}

/** The text of a file that a document names, or why it cannot be had. */
export type ReadText = (path: string) => Text;
export type Text = { readonly ok: true; readonly value: string } | { readonly ok: false; readonly why: string };

/** {@link readDocument} for a part of one, which must be a regular file and may be empty. */
export function readText(path: string): Text {
  try {
    const entry = statSync(path);
    if (!entry.isFile()) return { ok: false, why: entry.isDirectory() ? 'it is a folder' : 'it is not a regular file' };
    if (entry.size > LARGEST) return { ok: false, why: TOO_LARGE };
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
    return text.includes('\0') ? { ok: false, why: 'it is not a text' } : { ok: true, value: text };
  } catch (error) {
    return { ok: false, why: error instanceof TypeError ? 'it is not UTF-8' : reasonOf(error) };
  }
}

/** Reads no further, so that a file without an end (a device, a growing log) ends too. */
async function firstBytes(file: string, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(file, { end: most - 1 })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Why a file cannot be read, in words. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    ENOTDIR: 'there is no such file',
    EISDIR: 'it is a folder',
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    ELOOP: 'too many symbolic links',
    ENAMETOOLONG: 'the name is too long',
  };
  return reasons[code] ?? messageOf(error);
}
