/** From the times of a document to those of the twin. Milliseconds since the epoch. */
export interface TwinTime {
  readonly now: number;
  /** How much later the twin begins than the facts were read: what was a minute ago then is a minute ago now. */
  readonly shift: number;
}

/** Seconds since the epoch, of something that goes on: a process, a boot. */
export function moved(time: TwinTime, seconds: number): number {
  return seconds * 1000 + time.shift;
}

/** When a machine was booted of which only the start of its kubelet is known (in seconds): shortly before. */
export function bootTime({ now, shift }: TwinTime, startedAt: number | undefined): number {
  return (startedAt === undefined ? now - 3_600_000 : startedAt * 1000 + shift) - 1000;
}
