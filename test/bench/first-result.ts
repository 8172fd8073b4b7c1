import { openRemoteNode } from '../../src/remote/client.ts';
import { attempt, noOutput, type Rig } from './rig.ts';
import { median, timed } from './sample.ts';

export interface FirstResult {
  /** Round trips from dialling until the login has succeeded, and until the first step's result is there. */
  readonly login: number;
  readonly result: number;
}

const FAR = 100;
const TIMES = 5;
/** The proxy answers a dial at once; behind a real line the TCP handshake takes one. */
const HANDSHAKE = 1;

/** How many round trips: what the delay of the line adds to the time, in units of that delay. */
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
  const trip = median(far.echo) - median(near.echo);
  const trips = (what: 'login' | 'result'): number => (median(far[what]) - median(near[what])) / trip + HANDSHAKE;
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
