import { putFile } from '../machine-files.ts';
import type { Machine } from '../machine.ts';

/** The parser of just-bash takes no script of more than 1,000,000 characters; a real shell has no such limit. */
const LONG = 500_000;
const HEAD = /^(.*)<<'(\w+)'(.*)$/;

interface Apart {
  readonly script: string;
  /** Takes away what the script reads. */
  readonly clear: () => Promise<void>;
}

/**
 * A long script with the text of its quoted here-documents in files, as shells themselves keep it. One such document
 * for each line.
 */
export async function withDocumentsApart(machine: Machine, script: string, pid: number): Promise<Apart> {
  const files: string[] = [];
  const clear = async () => {
    for (const file of files) await machine.fs.rm(file, { force: true });
  };
  if (script.length < LONG) return { script, clear };
  const kept: string[] = [];
  const lines = script.split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const [, before = '', word = '', after = ''] = HEAD.exec(line) ?? [];
    const end = word === '' ? -1 : lines.indexOf(word, at + 1);
    if (end === -1) {
      kept.push(line);
      continue;
    }
    const file = `/dev/shm/.here-${pid}-${files.length}`;
    const text = lines.slice(at + 1, end).map((one) => `${one}\n`);
    await putFile(machine, file, text.join(''));
    files.push(file);
    kept.push(`${before}<'${file}'${after}`);
    at = end;
  }
  return { script: kept.join('\n'), clear };
}
