import { FactError } from '../facts/fact.ts';
import { Failure } from '../failure.ts';
import { ProtocolError } from '../remote/answers.ts';
import { ConnectFailure, ConnectionLost } from '../transport/transport.ts';

const kinds = [FactError, Failure, ConnectionLost, ConnectFailure, ProtocolError];

/** An error of the cluster or of the way to it, which may end by itself. Any other is a bug of this program. */
export function isTrouble(error: unknown): error is Error {
  return kinds.some((kind) => error instanceof kind);
}
