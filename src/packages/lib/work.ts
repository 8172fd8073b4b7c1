/** Where a prefetch notes which images a release needs on that node: a file `images-v1.32.9` with one name a line. */
export const prefetchFolder = '/var/cache/runbook';

/** Gone at the end of the script that fetches; what an interrupted one left is removed first. */
export const WORK = `${prefetchFolder}/prefetch`;
