import { Left, type RunContext } from './context.ts';

/** Ends early, with {@link Left}, when the operator wants to go; what runs on the node is not touched. */
export async function leavable<T>(context: Pick<RunContext, 'control'>, work: Promise<T>): Promise<T> {
  const { leave } = context.control;
  if (leave.aborted) throw new Left();
  let onAbort: (() => void) | undefined;
  const left = new Promise<never>((_resolve, reject) => {
    onAbort = () => {
      reject(new Left());
    };
    leave.addEventListener('abort', onAbort);
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, left]);
  } finally {
    if (onAbort) leave.removeEventListener('abort', onAbort);
  }
}
