import { setFlagsFromString } from 'node:v8';

/** Bytes of files from which on a run counts as large: their values live long, and are many. */
const LARGE = 4_000_000;

/** Output streams through short-lived buffers: without this the young generation grows by some 20 MB for nothing. */
export function keepYoungSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

/**
 * Before files of so many bytes are read: in a small young generation, values that stay are looked at, and copied,
 * every megabyte, which is a fourth of all that reading a large run takes.
 */
export function makeRoomFor(bytes: number): void {
  if (bytes >= LARGE) makeRoom();
}

/**
 * Before a cluster is simulated, in which there is no end of small values: a third of its time. What stays of them is
 * collected each time that it has grown by half: a third less memory.
 */
export function makeRoomToSimulate(): void {
  makeRoom();
  setFlagsFromString('--heap-growing-percent=50');
}

function makeRoom(): void {
  setFlagsFromString('--semi-space-growth-factor=4');
}
