import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createConnection, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { parseFaultEffect } from './audit.ts';
import type { Lab } from './lab.ts';
import { plantProblem } from './problems.ts';
import type { LabState } from './state.ts';

const addressSchema = z.object({ port: z.number(), token: z.string(), pid: z.number() });
/** Where a lab in the background listens; in its folder as `control.json`, mode 0600. */
export type ControlAddress = z.infer<typeof addressSchema>;

const requestSchema = z.discriminatedUnion('verb', [
  z.object({ verb: z.literal('ping'), token: z.string() }),
  z.object({ verb: z.literal('state'), token: z.string() }),
  z.object({ verb: z.literal('down'), token: z.string() }),
  z.object({ verb: z.literal('plant'), token: z.string(), problem: z.string() }),
  z.object({
    verb: z.literal('fault'),
    token: z.string(),
    node: z.string(),
    on: z.string(),
    effect: z.string(),
    times: z.number().int().positive(),
    phase: z.string().exactOptional(),
  }),
]);
type Request = z.infer<typeof requestSchema>;
/** A request without its token. */
export type ControlRequest = Request extends infer R ? (R extends { token: string } ? Omit<R, 'token'> : never) : never;

const answerSchema = z.union([
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({ ok: z.literal(false), error: z.string() }),
]);

function addressFile(folder: string): string {
  return join(folder, 'control.json');
}

/** Opens the control port of a lab and writes its address into the folder. Resolves when `down` was asked for. */
export async function serveControl(lab: Lab, folder: string): Promise<void> {
  const token = randomBytes(24).toString('hex');
  let goDown: () => void = () => undefined;
  const down = new Promise<void>((resolve) => {
    goDown = resolve;
  });
  const server = createServer((socket) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (!text.includes('\n')) return;
      void answer(lab, token, text, goDown).then((reply) => socket.end(`${JSON.stringify(reply)}\n`));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address: ControlAddress = { port: (server.address() as AddressInfo).port, token, pid: process.pid };
  await writeFile(addressFile(folder), JSON.stringify(address), { mode: 0o600 });
  await down;
  server.close();
}

/** Never rejects. */
async function answer(lab: Lab, token: string, text: string, down: () => void): Promise<z.infer<typeof answerSchema>> {
  try {
    const request = requestSchema.parse(JSON.parse(text));
    const [given, wanted] = [Buffer.from(request.token), Buffer.from(token)];
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) throw new Error('wrong token');
    return { ok: true, value: await serve(lab, request, down) };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}

/** @throws Error for what cannot be done */
async function serve(lab: Lab, request: Request, down: () => void): Promise<unknown> {
  if (request.verb === 'state') return lab.state();
  if (request.verb === 'down') setImmediate(down);
  if (request.verb === 'plant') await plantProblem(lab.world, request.problem);
  if (request.verb === 'fault') {
    const effect = parseFaultEffect(request.effect);
    if (!effect) throw new Error(`no such fault: ${request.effect}`);
    const { node, times, phase } = request;
    lab.addFault(node, { on: new RegExp(request.on), effect, times, ...(phase !== undefined && { phase }) });
  }
  return null;
}

/** Undefined where no lab was started in the folder, or its file says nothing. */
export async function readAddress(folder: string): Promise<ControlAddress | undefined> {
  try {
    return addressSchema.parse(JSON.parse(await readFile(addressFile(folder), 'utf8')));
  } catch {
    return undefined;
  }
}

export async function forgetAddress(folder: string): Promise<void> {
  await rm(addressFile(folder), { force: true });
}

/** Asks a running lab. @throws Error when it does not answer or refuses */
export async function askLab(address: ControlAddress, request: ControlRequest): Promise<unknown> {
  const socket = createConnection(address.port, '127.0.0.1');
  socket.setEncoding('utf8');
  socket.setTimeout(10_000, () => socket.destroy(new Error('the lab does not answer')));
  let text = '';
  socket.on('data', (chunk: string) => (text += chunk));
  socket.write(`${JSON.stringify({ ...request, token: address.token })}\n`);
  await once(socket, 'close');
  const reply = answerSchema.parse(JSON.parse(text));
  if (!reply.ok) throw new Error(reply.error);
  return reply.value;
}

export async function isAlive(address: ControlAddress): Promise<boolean> {
  return askLab(address, { verb: 'ping' }).then(
    () => true,
    () => false,
  );
}

export async function askState(address: ControlAddress): Promise<LabState> {
  return (await askLab(address, { verb: 'state' })) as LabState;
}
