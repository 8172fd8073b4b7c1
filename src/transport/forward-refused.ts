/** RFC 4254, section 5.1. */
const ADMINISTRATIVELY_PROHIBITED = 1;

/** A jump host that is logged in to opened no connection to what is behind it. */
export class ForwardRefused extends Error {
  override readonly name = 'ForwardRefused';
  readonly detail: readonly string[];

  constructor(cause: Error) {
    const said = cause.message.replace(/^\(SSH\) Channel open failure: /, '');
    const isForbidden = 'reason' in cause && cause.reason === ADMINISTRATIVELY_PROHIBITED;
    super(
      isForbidden ? `the jump host forbids to forward to it: ${said}` : `the jump host could not reach it: ${said}`,
      {
        cause,
      },
    );
    this.detail = isForbidden
      ? [
          'see AllowTcpForwarding, PermitOpen and DisableForwarding in its sshd_config, and options of the key in authorized_keys',
        ]
      : [];
  }
}
