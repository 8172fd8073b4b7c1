import { StringDecoder } from 'node:string_decoder';
import { sanitize } from './text.ts';

/** Characters of a line that are held back until it ends; a longer line comes in parts. */
const MOST = 65_536;

/** Output of a step as text that is safe on a terminal, line by line, however its bytes are cut into chunks. */
export async function* cleaned(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let open = '';
  for await (const chunk of chunks) {
    const lines = `${open}${decoder.write(chunk)}`.split('\n');
    open = lines.pop() ?? '';
    if (lines.length > 0) yield lines.map((line) => `${sanitize(line)}\n`).join('');
    if (open.length < MOST) continue;
    yield sanitize(open);
    open = '';
  }
  yield sanitize(`${open}${decoder.end()}`);
}
