import { open } from 'node:fs/promises';
import { reasonOf } from '../documents/text.ts';
import { Failure } from '../failure.ts';
import type { FactsDocument } from './document.ts';
import { parseFacts } from './parse.ts';

/** Bytes: those of 5,000 nodes with 150,000 pods are below it. */
const LARGEST = 128 * 1024 * 1024;

/** @throws Failure (document) with the file, what is wrong with it, and what to do next */
export async function readFactsFile(file: string): Promise<FactsDocument> {
  const parsed = parseFacts(await textOf(file));
  if ('document' in parsed) return parsed.document;
  throw new Failure('document', `${file}: ${parsed.problem}`, [parsed.remedy]);
}

async function textOf(file: string): Promise<string> {
  const refuse = (why: string, next = 'Name a file that `runbook facts -o FILE` wrote.') =>
    new Failure('document', `cannot read ${file}: ${why}`, [next]);
  const handle = await open(file, 'r').catch((error: unknown) => {
    throw refuse(reasonOf(error));
  });
  try {
    const entry = await handle.stat();
    if (entry.isDirectory()) throw refuse('it is a folder');
    if (entry.size > LARGEST)
      throw refuse(`it has ${Math.round(entry.size / 1024 / 1024)} MiB; facts have at most 128`);
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of handle.createReadStream({ autoClose: false })) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > LARGEST) throw refuse('it has more than 128 MiB');
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw refuse(error instanceof TypeError ? 'it is not a text in UTF-8' : reasonOf(error));
  } finally {
    await handle.close();
  }
}
