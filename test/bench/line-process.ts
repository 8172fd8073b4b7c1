// The delaying proxies in a process of their own: what the measured program computes must not hold bytes up on their
// way.
import { createServer } from 'node:net';
import { startProxy } from '../sshd/proxy.ts';

const tell = (message: unknown): void => {
  if (process.send?.(message) === undefined) throw new Error('this is started by line.ts');
};

const echo = createServer((socket) => {
  socket.setNoDelay(true).pipe(socket);
  socket.on('error', () => undefined);
});
await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
const address = echo.address();
if (address === null || typeof address === 'string') throw new Error('no port');
const ssh = await startProxy(Number(process.argv[2]));
const plain = await startProxy(address.port);

process.on('message', (latency) => {
  if (latency === 'carried') {
    tell(ssh.carried);
    return;
  }
  ssh.latency(Number(latency));
  plain.latency(Number(latency));
  tell({ set: latency });
});
process.on('disconnect', () => process.exit());
tell({ ssh: ssh.port, echo: plain.port });
