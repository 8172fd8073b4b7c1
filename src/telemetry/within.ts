/** @returns whether the work came to its end, well or not, within so many milliseconds */
export async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => {
      resolve(false);
    }, ms);
  });
  const ended = work.then(
    () => true,
    () => true,
  );
  const isEnded = await Promise.race([ended, over]);
  clearTimeout(timer);
  return isEnded;
}
