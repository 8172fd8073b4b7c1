import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  AlreadyClaimed,
  type Fence,
  MOST_OUTPUTS,
  StaleEpoch,
  StaleLock,
  type RemoteNode,
} from '../../src/remote/attempt.ts';
import { openRemoteNode } from '../../src/remote/client.ts';
import { ConnectionLost, type Session } from '../../src/transport/transport.ts';
import { Collected, spec } from './collect.ts';

/** A node to hold the contract against. */
export interface ContractNode {
  /** A new link to the node. */
  open(): Promise<Session>;
  /** A folder for attempts that does not exist yet. */
  readonly root: string;
  /** Ends what the test left behind. */
  cleanUp(): Promise<void>;
}

/** What every way to a node promises about durable attempts, whatever answers the protocol there. */
export function remoteContract(name: string, setUp: () => Promise<ContractNode>): void {
  describe(`durable attempts ${name}`, () => {
    let place: ContractNode;
    let node: RemoteNode;
    const links: Session[] = [];

    async function link(): Promise<RemoteNode> {
      const session = await place.open();
      links.push(session);
      return openRemoteNode(session, { root: place.root });
    }

    beforeEach(async () => {
      place = await setUp();
      node = await link();
    });

    afterEach(async () => {
      await Promise.all(links.splice(0).map(async (session) => session.close()));
      await place.cleanUp();
    });

    it('gives the exit code and each stream as the script wrote it', async () => {
      const sink = new Collected();
      const state = await node.start(spec('1-a.1', 'echo one; echo two >&2; echo three; exit 7\n'), sink);
      expect(state).toEqual({ kind: 'exited', code: 7 });
      expect([sink.text, sink.err.toString('utf8')]).toEqual(['one\nthree\n', 'two\n']);
    });

    it('runs a script that has quotes, a here-document, UTF-8 and no newline at its end', async () => {
      const sink = new Collected();
      await node.start(spec('1-a.1', `cat <<'EOF'\nit's "größer" $HOME \`x\`\nEOF\nprintf '%s' 'a\\b'`), sink);
      expect(sink.text).toBe('it\'s "größer" $HOME `x`\na\\b');
    });

    it('takes bytes that are no text', async () => {
      const sink = new Collected();
      await node.start(spec('1-a.1', String.raw`printf '\000\001\377\012state 1 exited 9\012\200'`), sink);
      expect(sink.out.toString('latin1')).toBe('\u0000\u0001\u00ff\nstate 1 exited 9\n\u0080');
    });

    it('gives an output of a megabyte whole', async () => {
      const sink = new Collected();
      await node.start(spec('1-a.1', 'head -c 1048576 /dev/zero'), sink);
      expect(sink.out.equals(Buffer.alloc(1048576))).toBe(true);
    });

    it('keeps maxOutput bytes, says so, and lets the script end in its own way', async () => {
      const sink = new Collected();
      const script = 'head -c 300000 /dev/zero || exit 9; echo end >&2; exit 5';
      const state = await node.start(spec('1-a.1', script, { maxOutput: 1000 }), sink);
      expect(state).toEqual({ kind: 'exited', code: 5 });
      expect([sink.out.length, sink.err.toString('utf8'), sink.cuts]).toEqual([1000, 'end\n', ['stdout']]);
    });

    it('keeps exactly maxOutput bytes, and says so of one byte more', async () => {
      const whole = new Collected();
      await node.start(spec('1-a.1', 'head -c 1000 /dev/zero', { maxOutput: 1000 }), whole);
      expect([whole.out.length, whole.cuts]).toEqual([1000, []]);
      const more = new Collected();
      await node.start(spec('1-b.1', 'head -c 1001 /dev/zero >&2', { maxOutput: 1000 }), more);
      expect([more.err.length, more.cuts]).toEqual([1000, ['stderr']]);
    });

    it('gives a script its secrets in files that are gone when it has ended, and keeps them nowhere', async () => {
      const secrets = { TOKEN: 'pläin%s \\n "it\'s" $HOME', 'a.key': '-----BEGIN KEY-----\n  c2VjcmV0\n\tend\n' };
      const sink = new Collected();
      const script = 'cat "$RUNBOOK_SECRETS/TOKEN" "$RUNBOOK_SECRETS/a.key"; echo "$RUNBOOK_SECRETS" >&2';
      expect(await node.start(spec('1-a.1', script, { secrets }), sink)).toEqual({ kind: 'exited', code: 0 });
      expect(sink.text).toBe(secrets.TOKEN + secrets['a.key']);
      const folder = sink.err.toString('utf8').trim();
      expect(folder).toMatch(/^\/(run|dev\/shm)\/.*runbook-[0-9a-f-]{36}$/);
      const silent = new Collected();
      const next = `[ ! -e ${folder} ] && echo gone; echo "<$RUNBOOK_SECRETS>"`;
      await node.start(spec('1-b.1', next), silent);
      expect(silent.text).toBe('gone\n<>\n');
      await node.start(spec('1-c.1', 'echo ok', { secrets }), silent);
      const found = await node.probe(`grep -rl -e 'BEGIN KEY' -e c2VjcmV0 -e 'it.s' ${place.root}/r1/1-c.1; true`);
      expect(found.stdout).toBe('');
    });

    it('gives what the script wrote to $RUNBOOK_OUTPUT, at its end and to whoever follows it later', async () => {
      const write = 'echo key=1 >>"$RUNBOOK_OUTPUT"; printf "größer=a b\\n" >>"$RUNBOOK_OUTPUT"; exit 3';
      const sink = new Collected();
      await node.start(spec('1-a.1', write), sink);
      expect([sink.results?.toString(), sink.text]).toEqual(['key=1\ngrößer=a b\n', '']);
      const later = new Collected();
      await (await link()).follow('r1', '1-a.1', { stdout: 0, stderr: 0 }, later);
      expect(later.results?.toString()).toBe('key=1\ngrößer=a b\n');
    });

    it('gives nothing of $RUNBOOK_OUTPUT where nothing is in it, and little of too much', async () => {
      const sink = new Collected();
      await node.start(spec('1-a.1', 'cat "$RUNBOOK_OUTPUT"; rm "$RUNBOOK_OUTPUT"'), sink);
      await node.start(spec('1-b.1', 'echo "<$(cat "$RUNBOOK_OUTPUT")>"'), sink);
      expect([sink.results, sink.text]).toEqual([undefined, '<>\n']);
      await node.start(spec('1-d.1', 'rm "$RUNBOOK_OUTPUT"; mkdir "$RUNBOOK_OUTPUT"; exit 4'), sink);
      expect([sink.results, sink.text]).toEqual([undefined, '<>\n']);
      await node.start(spec('1-c.1', 'head -c 1048576 /dev/zero >"$RUNBOOK_OUTPUT"'), sink);
      expect(sink.results?.length).toBe(MOST_OUTPUTS + 1);
    });

    it('never runs an id twice', async () => {
      await node.start(spec('1-a.1', 'echo first'), new Collected());
      await expect(node.start(spec('1-a.1', 'echo second'), new Collected())).rejects.toBeInstanceOf(AlreadyClaimed);
      const sink = new Collected();
      await node.follow('r1', '1-a.1', { stdout: 0, stderr: 0 }, sink);
      expect(sink.text).toBe('first\n');
    });

    it('refuses a controller that was taken over, for that run alone', async () => {
      await node.start(spec('1-a.1', 'true', { epoch: 3 }), new Collected());
      await expect(node.start(spec('1-b.1', 'true', { epoch: 2 }), new Collected())).rejects.toBeInstanceOf(StaleEpoch);
      expect(await node.status('r1', '1-b.1')).toEqual({ kind: 'absent' });
      expect(await node.start(spec('1-b.1', 'true', { run: 'r2' }), new Collected())).toEqual({
        kind: 'exited',
        code: 0,
      });
    });

    it('refuses a claim under a lock that is older than one it knows, or that was released', async () => {
      const put = (name: string, text: string) =>
        node.probe(`r=${place.root}; mkdir -p $r/lock && printf '%s\\n' '${text}' >$r/lock/${name}`);
      const start = (id: string, lock: Fence) => node.start(spec(id, 'true', { lock }), new Collected());
      const done = { kind: 'exited', code: 0 };
      const [first, second, third] = [1, 2, 3].map((fence) => ({ id: `${fence}a`, fence, domain: 'd1' }));
      if (!first || !second || !third) throw new Error('no locks');

      expect(await start('1-a.1', first)).toEqual(done);
      // Another inventory's, with other lock nodes: it has numbers of its own.
      await put('g6', '{"id":"0c","fence":99,"domain":"d2"}');
      expect(await start('1-b.1', first)).toEqual(done);

      await put('g7', '{"id":"0b","host":"\\"fence\\":9","fence":1,"domain":"d1","nodes":[]}');
      expect(await start('1-c.1', second)).toEqual(done);
      await put('g8', '{"id":"2a","fence":2,"domain":"d1"}');
      await put('g10', '{"id":"3a","fence":3,"domain":"d1"}');
      const late = start('1-d.1', second);
      await expect(late).rejects.toBeInstanceOf(StaleLock);
      await expect(late).rejects.toThrow(/held by another/);
      expect(await start('1-d.1', third)).toEqual(done);
      await put('free10', '');
      await expect(start('1-e.1', third)).rejects.toThrow(/released/);
      expect(await node.status('r1', '1-e.1')).toEqual({ kind: 'absent' });
      expect(await start('1-e.1', { id: '4a', fence: 4, domain: 'd1' })).toEqual(done);
    });

    it('kills at the time limit where the step says kill', async () => {
      const sink = new Collected();
      const state = await node.start(spec('1-a.1', 'echo begun; sleep 600; echo never', { timeout: 1000 }), sink);
      expect([state, sink.text]).toEqual([{ kind: 'timed-out' }, 'begun\n']);
    });

    it('leaves the script running at the time limit where the step says leave', async () => {
      const sink = new Collected();
      const limits = { timeout: 1000, onTimeout: 'leave' } as const;
      const state = await node.start(spec('1-a.1', 'echo begun; sleep 2; echo done', limits), sink);
      expect([state, sink.text]).toEqual([{ kind: 'running' }, 'begun\n']);
      expect(await node.follow('r1', '1-a.1', { stdout: 6, stderr: 0 }, sink)).toEqual({ kind: 'exited', code: 0 });
      expect(sink.text).toBe('begun\ndone\n');
    });

    it('answers status and cancel while start still follows', async () => {
      const sink = new Collected();
      const started = node.start(spec('1-a.1', 'echo begun; sleep 600'), sink);
      await sink.until('begun');
      expect(await node.status('r1', '1-a.1')).toEqual({ kind: 'running' });
      expect(await node.cancel('r1', '1-a.1')).toEqual({ kind: 'cancelled' });
      expect(await started).toEqual({ kind: 'cancelled' });
    });

    it('follows from an offset over another link, each byte once', async () => {
      const sink = new Collected();
      const limits = { timeout: 1000, onTimeout: 'leave' } as const;
      await node.start(spec('1-a.1', 'echo 1; echo e >&2; sleep 2; echo 2', limits), sink);
      const other = await link();
      const rest = { stdout: sink.out.length, stderr: sink.err.length };
      expect(await other.follow('r1', '1-a.1', rest, sink)).toEqual({ kind: 'exited', code: 0 });
      expect([sink.text, sink.err.toString('utf8')]).toEqual(['1\n2\n', 'e\n']);
    });

    it('stops following at its limit while the script runs on', async () => {
      const sink = new Collected();
      await node.start(spec('1-a.1', 'sleep 600', { timeout: 1000, onTimeout: 'leave' }), sink);
      const from = { stdout: 0, stderr: 0 };
      expect(await node.follow('r1', '1-a.1', from, sink, 1000)).toEqual({ kind: 'running' });
      expect(await node.cancel('r1', '1-a.1')).toEqual({ kind: 'cancelled' });
    });

    it('lists the attempts of one run or of all', async () => {
      expect(await node.list()).toEqual([]);
      await node.start(spec('1-a.1', 'exit 1'), new Collected());
      await node.start(spec('1-b.1', 'exit 0', { run: 'r2' }), new Collected());
      const first = { run: 'r1', id: '1-a.1', state: { kind: 'exited', code: 1 } };
      expect(await node.list('r1')).toEqual([first]);
      expect(await node.list()).toEqual([first, { run: 'r2', id: '1-b.1', state: { kind: 'exited', code: 0 } }]);
    });

    it('remembers after sweep how each attempt ended, and refuses its id', async () => {
      await node.start(spec('1-a.1', 'exit 4'), new Collected());
      await node.sweep('r1');
      const swept = { kind: 'exited', code: 4 };
      expect(await node.status('r1', '1-a.1')).toEqual(swept);
      expect(await node.list('r1')).toEqual([{ run: 'r1', id: '1-a.1', state: swept }]);
      await expect(node.start(spec('1-a.1', 'true'), new Collected())).rejects.toBeInstanceOf(AlreadyClaimed);
    });

    it('knows nothing of what was never started', async () => {
      expect(await node.status('r9', '1-a.1')).toEqual({ kind: 'absent' });
      expect(await node.follow('r9', '1-a.1', { stdout: 0, stderr: 0 }, new Collected())).toEqual({ kind: 'absent' });
    });

    it('probes with an empty stdin and gives code and both streams', async () => {
      const result = await node.probe("cat; echo 'out'; echo err >&2; exit 3");
      expect(result).toEqual({ code: 3, stdout: 'out\n', stderr: 'err\n' });
    });

    it('probes with long scripts, long outputs, and nothing of its own variables', async () => {
      const long = await node.probe(`# ${'x'.repeat(150_000)}\nhead -c 1048576 /dev/zero; echo end >&2`);
      expect([long.code, long.stdout.length, long.stderr]).toEqual([0, 1048576, 'end\n']);
      expect((await node.probe('echo "<$verb$tag$run$s$RUNBOOK_SCRIPT>"; env | grep -c SCRIPT')).stdout).toBe(
        '<>\n0\n',
      );
    });

    it('probes whatever is printed on both streams, more than a window of SSH at once', async () => {
      const script =
        'head -c 9000000 /dev/zero; head -c 5000000 /dev/zero >&2; head -c 3000000 /dev/zero; echo end >&2';
      const { stdout, stderr } = await node.probe(script);
      expect([stdout.length, stderr.length]).toEqual([12_000_000, 5_000_004]);
    });

    it('probes while attempts run, however many, each answer for itself', async () => {
      const started = [1, 2, 3].map((n) => node.start(spec(`1-${n}.1`, 'sleep 2; exit 4'), new Collected()));
      const asked = [1, 2, 3, 4, 5].map((n) => node.probe(`echo ${n}; exit ${n}`));
      const answers = await Promise.all(asked);
      expect(answers.map(({ code, stdout }) => [code, stdout])).toEqual([1, 2, 3, 4, 5].map((n) => [n, `${n}\n`]));
      expect((await node.status('r1', '1-1.1')).kind).not.toBe('absent');
      expect(await Promise.all(started)).toEqual(started.map(() => ({ kind: 'exited', code: 4 })));
    });

    it('gives up a probe that takes too long, and takes the next one', async () => {
      await expect(node.probe('sleep 5', { timeout: 300 })).rejects.toBeInstanceOf(ConnectionLost);
      expect((await node.probe('echo there')).stdout).toBe('there\n');
    });

    it('knows nothing of attempts that it only prepared for', async () => {
      await node.prepare?.('r1', ['1-a.1', '1-b.1']);
      expect([await node.status('r1', '1-a.1'), await node.list('r1')]).toEqual([{ kind: 'absent' }, []]);
      expect(await node.start(spec('1-a.1', 'exit 6'), new Collected())).toEqual({ kind: 'exited', code: 6 });
      await node.sweep('r1');
      const swept = { run: 'r1', id: '1-a.1', state: { kind: 'exited', code: 6 } };
      expect([await node.list('r1'), await node.status('r1', '1-b.1')]).toEqual([[swept], { kind: 'absent' }]);
    });
  });
}
