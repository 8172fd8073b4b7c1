import { sha256 } from '../digest.ts';

export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** A part of a run that has ended. Times are milliseconds since 1970, as the journal has them. */
export interface RunSpan {
  readonly traceId: string;
  readonly id: string;
  readonly parent?: string;
  readonly kind: 'run' | 'phase' | 'node' | 'step' | 'attempt';
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly attributes: Attributes;
  /** Why its status is an error. */
  readonly error?: string;
  /** Ids of spans of the same trace that it continues. */
  readonly links?: readonly string[];
  readonly moments?: readonly { readonly name: string; readonly at: number; readonly attributes: Attributes }[];
}

/** The same for every process that works on the run. */
export function traceIdOf(run: string): string {
  return sha256(`trace of ${run}`).slice(0, 32);
}

/** By what the span is about, so that whoever makes the span of it again gives it the same id. */
export function spanIdOf(run: string, about: string): string {
  return sha256(`span of ${run}: ${about}`).slice(0, 16);
}
