import { FactError } from '../facts/fact.ts';
import { Failure, messageOf } from '../failure.ts';
import { ProtocolError } from '../remote/answers.ts';
import { AlreadyClaimed, ClaimRefused, StaleEpoch, StaleLock } from '../remote/attempt.ts';
import { ConnectFailure, ConnectionLost } from '../transport/transport.ts';

const kinds = [FactError, Failure, ConnectionLost, ConnectFailure, ProtocolError];

/** An error of the cluster or of the way to it, which may end by itself. Any other is a bug of this program. */
export function isTrouble(error: unknown): error is Error {
  return kinds.some((kind) => error instanceof kind);
}

/**
 * What the operator's world did, as a failure with its exit code: a node that cannot be asked, a file here that cannot
 * be written. Undefined: a bug of this program.
 */
export function asFailure(error: unknown): Failure | undefined {
  if (error instanceof Failure) return error;
  if (error instanceof ConnectFailure) return new Failure('unreachable', error.message, error.detail, { cause: error });
  if (error instanceof ConnectionLost || error instanceof ProtocolError)
    return new Failure('unreachable', error.message, [TRY_AGAIN], { cause: error });
  if (error instanceof FactError) return new Failure('guard-refused', error.message, error.stderr, { cause: error });
  if (refusals.some((kind) => error instanceof kind))
    return new Failure('step-failed', messageOf(error), [TRY_AGAIN], { cause: error });
  return ofThisMachine(error);
}

const refusals = [AlreadyClaimed, ClaimRefused, StaleEpoch, StaleLock];

const TRY_AGAIN = 'Look at the node, then give the command again; `runbook resume` continues a run that had begun.';

const SYSTEM: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  EIO: 'input/output error',
  EMFILE: 'too many open files',
  ENFILE: 'too many open files',
  ENOMEM: 'no memory is left',
  ENOTDIR: 'a part of the path is no folder',
  EISDIR: 'it is a folder',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
  EBUSY: 'it is in use',
  ESTALE: 'the network file system lost it',
  ENOENT: 'a file or folder is not there, or cannot be made',
};

/** Whether it is about a file or program of the operator's machine. */
export function isOfThisMachine({ cause }: Failure): boolean {
  return cause instanceof Error && 'syscall' in cause;
}

/** The system call of a file or program here that failed. */
function ofThisMachine(error: unknown): Failure | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined;
  const { code, syscall } = error;
  const words = typeof code === 'string' ? SYSTEM[code] : undefined;
  if (words === undefined) return undefined;
  const path = 'path' in error && typeof error.path === 'string' ? ` ${error.path}` : ' a file';
  return new Failure(
    'step-failed',
    `this machine: ${words} (${String(code)}: ${String(syscall)}${path})`,
    ['Fix that, then give the command again; `runbook resume` continues a run that had begun.'],
    { cause: error },
  );
}
