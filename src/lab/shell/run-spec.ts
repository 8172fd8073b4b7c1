import type { World } from '../world.ts';

/** A script for a machine, and where its output goes. */
export interface RunSpec {
  readonly script: string;
  readonly args: readonly string[];
  /** Bytes as latin1 text. */
  readonly stdin: string;
  readonly uid: number;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly signal: AbortSignal;
  /** What its programs take for the world, as somebody watches it; default: the world itself. */
  readonly world?: World;
  out(chunk: Buffer): void;
  err(chunk: Buffer): void;
}
