import type { OutputStream, Renderer } from './renderer.ts';
import { flushed } from './renderer.ts';

/** One event per line on stdout, nothing else. */
export function createJsonRenderer(stdout: OutputStream): Renderer {
  return {
    render: (event) => {
      stdout.write(`${JSON.stringify(event)}\n`);
    },
    pause: () => {},
    resume: () => {},
    close: () => flushed(stdout),
  };
}
