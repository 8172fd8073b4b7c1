import { z } from 'zod';
import { duration, secret, user } from './fields.ts';

/** How a login gets the rights that a runbook needs. */
export const become = z
  .strictObject({
    method: z
      .enum(['sudo', 'doas', 'su', 'none'])
      .describe('How to become root; a login as root needs none. doas only where it asks for no password.'),
    user: user('Whose rights commands get; root unless given.').exactOptional(),
    passwordFrom: secret("Where it asks for a password (sudo: the login's own, su: that of `user`):").exactOptional(),
    timeout: duration('Within which it must start a command; 30s unless given.').exactOptional(),
  })
  .describe('How to become root on the nodes; none unless given.');
