import type { ActionContext } from './action.ts';
import { machineOf } from './lib/subject.ts';

/**
 * Waits for the holder of dpkg's lock (apt names it) instead of failing, in seconds; and tries a fetch again with growing pauses
 * (1, 2, 4 ... 30 s from apt 2.3 on), so that a network that is gone for a minute does not fail the step.
 */
export const APT_PATIENCE = '-o DPkg::Lock::Timeout=300 -o Acquire::Retries=7';

/** Refreshes lists; options before the verb. Also a fetch that failed for a passing reason is a failure (apt >= 2.1.15). */
export const APT_UPDATE = `apt-get -q ${APT_PATIENCE} -o APT::Update::Error-Mode=any`;

/** Installs without a question: a conffile that was changed by hand stays as it is. */
export const APT_INSTALL = `apt-get -y -q ${APT_PATIENCE} -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold install`;

/** Why apt cannot be used on the node; undefined where it can, or where the operating system is not known. */
export function withoutApt(context: ActionContext<unknown>): string | undefined {
  const os = machineOf(context).os;
  if (!os || os.packageManager === 'apt') return undefined;
  return `${context.node.name} (${os.prettyName}) has no apt but ${os.packageManager}: only Debian and Ubuntu are supported; change its packages with run: steps`;
}
