import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';

/** A stack with the places of the source where the build left a map of them. Maps are read for a bug only. */
export function sourceStack(stack: string): string {
  return stack.replace(/(\/[^\s()]+):(\d+):(\d+)/g, (place: string, file: string, line: string, column: string) => {
    try {
      const map = new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')));
      const origin = map.findOrigin(Number(line), Number(column));
      if (!('fileName' in origin)) return place;
      return `${origin.fileName.replace(/^(?:\.\.\/)+/, '')}:${origin.lineNumber}:${origin.columnNumber}`;
    } catch {
      return place;
    }
  });
}
