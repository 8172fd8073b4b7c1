import { work } from '../clock.ts';
import type { ToolContext } from '../shell/shell.ts';
import { KubectlError } from './client.ts';
import { isSet, type KubectlCall } from './flags.ts';

/** The pods bound to a Node object go with it, without any grace (pod garbage collection of the controller manager). */
export async function deleteNodes(context: ToolContext, call: KubectlCall, names: readonly string[]): Promise<number> {
  const { cluster } = context.world;
  const missing: string[] = [];
  for (const name of names) {
    if (!cluster.nodes.delete(name)) {
      missing.push(name);
      continue;
    }
    cluster.pods.keep((pod) => pod.node !== name);
    context.out(`node "${name}" deleted\n`);
  }
  cluster.tick();
  if (missing.length > 0 && !isSet(call, 'ignore-not-found'))
    throw new KubectlError(missing.map((name) => `Error from server (NotFound): nodes "${name}" not found`).join('\n'));
  await work(context.machine.clock, 100, context.signal);
  return 0;
}
