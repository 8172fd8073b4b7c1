// What the wire allows without durability: one ssh2 connection and one waiting shell per node, one line per step.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Client, type ClientChannel } from 'ssh2';
import type { FarmNode } from './farm.ts';

interface Work {
  readonly nodes: readonly FarmNode[];
  readonly commands: readonly string[];
}

const MARK = '\u001e';
const work: Work = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));

for (const { name, port, user, identityFile } of work.nodes) {
  const client = new Client();
  const ready = once(client, 'ready');
  // The servers are this process's parent's own, on loopback, and nothing but the time counts here.
  client.connect({
    host: '127.0.0.1',
    port,
    username: user,
    privateKey: readFileSync(identityFile),
    hostVerifier: () => true,
  });
  await ready;
  const shell = await new Promise<ClientChannel>((resolve, reject) => {
    client.exec('exec sh', (error, channel) => (error ? reject(error) : resolve(channel)));
  });
  let text = '';
  let heard = (): void => undefined;
  shell.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    heard();
  });
  for (const [index, command] of work.commands.entries()) {
    shell.write(`( ${command} ) </dev/null; printf '${MARK}%s${MARK}' $?\n`);
    while (text.split(MARK).length < 3)
      await new Promise<void>((resolve) => {
        heard = resolve;
      });
    const [printed = '', status = ''] = text.split(MARK);
    text = '';
    console.log(name, index + 1, status, printed.trim());
  }
  shell.end();
  client.end();
  await once(client, 'close');
}
