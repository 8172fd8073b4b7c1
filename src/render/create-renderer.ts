import { createJsonRenderer } from './json.ts';
import { createPlainRenderer } from './plain.ts';
import type { Renderer, RendererOptions, RenderTarget } from './renderer.ts';
import { survivingReaders } from './renderer.ts';
import { isUnicode } from './style.ts';

/** `pretty` becomes `plain` where the progress does not go to a terminal; it alone needs listr2. */
export async function createRenderer(options: RendererOptions): Promise<Renderer> {
  const stdout = survivingReaders(options.stdout);
  const stderr = survivingReaders(options.stderr);
  if (options.output === 'json') return createJsonRenderer(stdout);
  const target: RenderTarget = {
    progress: options.progress === 'stderr' ? stderr : stdout,
    problems: stderr,
    color: options.color,
    unicode: options.unicode ?? isUnicode(process.env),
    verbose: options.verbose,
    now: options.now,
  };
  if (options.output !== 'pretty' || target.progress.isTTY !== true) return createPlainRenderer(target);
  const { createPrettyRenderer } = await import('./pretty.ts');
  return createPrettyRenderer(target);
}
