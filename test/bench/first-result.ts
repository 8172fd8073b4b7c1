import { openRemoteNode } from '../../src/remote/client.ts';
import { attempt, noOutput, type Rig } from './rig.ts';
import { timed } from './sample.ts';

export interface FirstResult {
  /** Round trips from TCP's connection until the login has succeeded, and until the first step's result is there. */
  readonly login: number;
  readonly result: number;
}

const FAR = 100;
const TIMES = 5;

/**
 * How many round trips: what the delay of the line adds to the shortest time, in units of that delay. The proxy
 * answers a dial at once: TCP's own handshake is not among them.
 */
export async function measureFirstResult(rig: Rig): Promise<FirstResult> {
  const near = { login: new Array<number>(), result: new Array<number>(), echo: new Array<number>() };
  const far = { login: new Array<number>(), result: new Array<number>(), echo: new Array<number>() };
  for (let n = 0; n <= TIMES; n++) {
    for (const [roundTrip, samples] of [[0, near] as const, [FAR, far] as const]) {
      await rig.line.roundTrip(roundTrip);
      const sample = await once(rig);
      if (n === 0) continue;
      samples.login.push(sample.login);
      samples.result.push(sample.result);
      samples.echo.push(await timed(async () => rig.line.echo()));
    }
  }
  await rig.line.roundTrip(0);
  const added = (what: keyof typeof near): number => Math.min(...far[what]) - Math.min(...near[what]);
  const trips = (what: 'login' | 'result'): number => added(what) / added('echo');
  return { login: trips('login'), result: trips('result') };
}

async function once(rig: Rig): Promise<{ readonly login: number; readonly result: number }> {
  const began = performance.now();
  const session = await rig.connect();
  const login = performance.now() - began;
  const node = await openRemoteNode(session, { root: rig.root });
  await node.start(attempt('true'), noOutput);
  const result = performance.now() - began;
  await node.close();
  await session.close();
  return { login, result };
}
