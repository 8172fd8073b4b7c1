import type { AttemptSpec, OutputSink } from '../../src/remote/attempt.ts';

/** A sink that keeps everything and tells when a stream has what a test waits for. */
export class Collected implements OutputSink {
  out: Buffer = Buffer.alloc(0);
  err: Buffer = Buffer.alloc(0);
  /** What came of `$RUNBOOK_OUTPUT`. */
  results: Buffer | undefined;
  readonly cuts: string[] = [];
  private readonly waiting: (() => void)[] = [];

  stdout(chunk: Buffer): void {
    this.out = Buffer.concat([this.out, chunk]);
    for (const check of this.waiting) check();
  }

  stderr(chunk: Buffer): void {
    this.err = Buffer.concat([this.err, chunk]);
  }

  cut(stream: 'stdout' | 'stderr'): void {
    this.cuts.push(stream);
  }

  result(bytes: Buffer): void {
    if (this.results !== undefined) throw new Error('a second result');
    this.results = bytes;
  }

  get text(): string {
    return this.out.toString('utf8');
  }

  async until(part: string): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (this.text.includes(part)) resolve();
      };
      this.waiting.push(check);
      check();
    });
  }
}

export function spec(id: string, script: string, rest: Partial<AttemptSpec> = {}): AttemptSpec {
  return { run: 'r1', id, script, timeout: 0, onTimeout: 'kill', epoch: 1, maxOutput: 64 * 1024 * 1024, ...rest };
}
