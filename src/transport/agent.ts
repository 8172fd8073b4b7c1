import { connect } from 'node:net';
import { expandHome } from './host-key.ts';
import { WireReader } from './wire.ts';

/** A key of an SSH agent; ssh2 leaves out those of types that it cannot use, certificates and FIDO keys among them. */
export interface AgentKey {
  readonly publicKey: Buffer;
  readonly comment: string;
}

const REQUEST_IDENTITIES = Buffer.from([0, 0, 0, 1, 11]);
const IDENTITIES_ANSWER = 12;
/** Bytes; OpenSSH's own limit for a message of the agent. */
const MAX_ANSWER = 256 * 1024;

/** Asks an agent for its keys (draft-ietf-sshm-ssh-agent, section 4.4). @throws Error where it does not answer */
export async function agentKeys(socketPath: string): Promise<AgentKey[]> {
  const answer = await ask(expandHome(socketPath));
  if (answer[0] !== IDENTITIES_ANSWER) throw new Error('it refused to list its keys');
  const reader = new WireReader(answer, 1);
  return Array.from({ length: reader.uint32() }, () => ({
    publicKey: reader.string(),
    comment: reader.string().toString('utf8'),
  }));
}

function ask(path: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    let heard = Buffer.alloc(0);
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    socket.on('error', fail);
    socket.on('end', () => fail(new Error('it closed the connection')));
    socket.on('data', (chunk) => {
      heard = Buffer.concat([heard, chunk]);
      const length = heard.length < 4 ? 0 : heard.readUInt32BE(0);
      if (length > MAX_ANSWER) fail(new Error('its answer is too long'));
      else if (length > 0 && heard.length >= 4 + length) {
        socket.destroy();
        resolve(heard.subarray(4, 4 + length));
      }
    });
    socket.write(REQUEST_IDENTITIES);
  });
}
