import { setFlagsFromString } from 'node:v8';

/**
 * Does synchronous work that is short and done once without V8's optimizing compiler: what it makes of such code comes
 * too late, and costs a fifth of the processor's time of a start.
 */
export function withoutOptimizing<T>(work: () => T): T {
  setFlagsFromString('--no-opt');
  try {
    return work();
  } finally {
    setFlagsFromString('--opt');
  }
}
