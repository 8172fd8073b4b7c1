import { beforeAll, describe, expect, test } from 'vitest';
import { clusterFacts, nodeFacts } from '../../src/facts/registry.ts';
import { FakeClock } from '../../src/lab/clock.ts';
import { FastTime } from '../../src/lab/fast-time.ts';
import { createWorld, type LabOptions } from '../../src/lab/lab.ts';
import { runScript } from '../../src/lab/run-script.ts';
import type { World } from '../../src/lab/world.ts';

/** Both shells of the lab, each with a cluster of its own that is the same. */
async function pair(options: LabOptions): Promise<readonly [World, World]> {
  // Every wait is over at once: nothing here depends on the time.
  const clock = new FakeClock();
  clock.sleep = () => new Promise((resolve) => setImmediate(resolve));
  return Promise.all([createWorld({ ...options, clock }), createWorld({ ...options, clock, quick: true })]);
}

async function answers(world: World, node: number, script: string) {
  const machine = world.machines[node];
  if (!machine) throw new Error(`no machine ${node}`);
  const { code, stdout, stderr } = await runScript(machine, script);
  const known = (text: string) =>
    text
      .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID')
      .replace(/\/tmp\/tmp\.\w+/g, 'FOLDER')
      .replace(/^bash: /gm, 'sh: ');
  return { code, stdout: known(stdout), stderr: known(stderr) };
}

const options = {
  kubeconfig: '/etc/kubernetes/admin.conf',
  minors: ['1.31', '1.32'],
  earlier: { nodes: [], apiServerEndpoints: [] },
};

describe.each([
  [
    'Debian',
    { controlPlanes: 1, workers: 1, problems: ['broken-package', 'package-lock@worker-1', 'swap', 'webhook'] },
  ],
  ['Rocky Linux', { controlPlanes: 1, workers: 1, rocky: ['*'] }],
  ['openSUSE', { controlPlanes: 1, workers: 1, suse: ['*'] }],
  ['an external etcd', { controlPlanes: 1, workers: 0, externalEtcd: 1 }],
] as const)('facts are read by the quick shell as by just-bash on %s', (_name, lab) => {
  let worlds: readonly [World, World];
  beforeAll(async () => {
    worlds = await pair(lab);
  });

  test.each(Object.keys(nodeFacts))('%s', async (id) => {
    const script = `${nodeFacts[id as keyof typeof nodeFacts].script(options)}\n`;
    const [plain, quick] = worlds;
    for (const node of plain.machines.keys())
      expect(await answers(quick, node, script)).toEqual(await answers(plain, node, script));
  });

  test.each(Object.keys(clusterFacts))('%s', async (id) => {
    const script = `${clusterFacts[id as keyof typeof clusterFacts].script(options)}\n`;
    const [plain, quick] = worlds;
    expect(await answers(quick, 0, script)).toEqual(await answers(plain, 0, script));
  });
});

const scripts: Readonly<Record<string, string>> = {
  'splits and joins fields': `set -- 'a b' c; for x in $1 "$1" "$@" x$*y; do echo "<$x>"; done; IFS=:; v=a:b::c; for x in $v; do echo "<$x>"; done`,
  'expands parameters': `a=one.two.three; unset u; echo "\${a#*.} \${a##*.} \${a%.*} \${a%%.*} \${#a} \${u:-no} \${u-no} \${a:+yes} \${u:=set} $u"`,
  'matches files': `mkdir -p /tmp/g; cd /tmp/g; touch a.txt b.txt .c; echo *.txt *; echo /tmp/g/[ab].txt '*.txt' *.none`,
  tests: `[ -e /etc/hosts ] && [ ! -d /etc/hosts ] && [ 3 -gt 2 ] && [ a != b ] && echo yes; [ -z "" -a -n x ]; echo $?; test -f /none; echo $?`,
  'tests of owners and modes': `for x in -b -c -d -e -f -g -h -k -p -r -t -u -w -x -z -G -L -O -S; do for y in /etc/hosts /etc /none; do [ $x $y ]; echo "$x $y $?"; done; done`,
  'loops, breaks and continues': `i=0; while :; do i=$((i + 1)); [ $i = 2 ] && continue; [ $i -gt 4 ] && break; echo $i; done; until false; do break; done; echo end`,
  'runs functions with their own arguments and status': `f() { local x=1; echo "$# $1"; return 3; }; x=0; f a b; echo "$? $x $#"`,
  'decides by case': `for x in apple 'a*' b.tgz; do case $x in 'a*') echo star ;; a*) echo a ;; *.gz | *.tgz) echo archive ;; esac; done`,
  'pipes and redirects': `printf 'b\\na\\n' | sort | { read -r one; cat; echo "$one"; }; echo x >/tmp/f; echo y >>/tmp/f; cat </tmp/f; { echo out; echo err >&2; } 2>&1 | wc -l; ls /none 2>/dev/null; echo $?`,
  'reads lines': `printf 'a  b c\\n  d\\\\n\\n' | while read -r x y; do echo "<$x|$y>"; done; printf 'no newline' | { read -r z; echo "$? $z"; }`,
  'takes here-documents': `v=1; cat <<EOF\n$v \${v} $(echo two)\nEOF\ncat <<'EOF'\n$v\nEOF`,
  'ends at the first error': `set -e; false || echo goes on; if false; then :; fi; ! true; echo before; false; echo never`,
  'ends at an unset variable': `set -u; echo before; echo "$nowhere"; echo never`,
  'keeps what a subshell does apart': `x=1; (x=2; cd /tmp; exit 4); echo "$? $x"; pwd; y=$(x=3; echo $x); echo "$x $y"`,
  calculates: `x=5; echo $((x * 2 + 1)) $((x > 3 ? 1 : 0)) $((10 / 3 % 2)) $((-x))`,
  'says what is not there': `nothing-here; echo $?; /none; echo $?; cat /none; echo $?`,
  'exports and assigns for one command': `A=1 env | grep '^A='; export B=2; sh -c 'echo $B'; C=3; sh -c 'echo "<$C>"'`,
  'runs traps at the end': `trap 'echo last' EXIT; echo first; exit 3`,
  evaluates: `x='echo $y'; y=2; eval "$x"; eval 'for i in 1 2; do echo $i; done'`,
  'prints bytes and UTF-8': `printf '%s\\n' 'grüße'; echo 'ü' | sed 's/ü/ue/'; printf '\\303\\274' | wc -c; v=ü; echo \${#v}`,
  'negates and chains': `! false && echo one; false && echo no || echo two; true || echo no; echo $?`,
  'finds programs': `command -v sed; command -v kubectl; command -v none; echo $?; command -v cd`,
  'runs in a subshell what is in the background': `x=1; (x=2; echo b >/tmp/b) </dev/null >/dev/null 2>&1 & echo "$x"; sh -c 'echo c >>/tmp/b' & cat /tmp/b`,
  'leaves what it does not know to just-bash': `x=abcdef; echo "\${x:1:3}"; [[ $x == abc* ]] && echo match; a=(1 2); echo "\${a[1]}"`,
};

describe('the quick shell does what just-bash does', () => {
  let worlds: readonly [World, World];
  beforeAll(async () => {
    worlds = await pair({ controlPlanes: 1, workers: 0 });
  });

  test.each(Object.entries(scripts))('%s', async (_name, script) => {
    const [plain, quick] = worlds;
    expect(await answers(quick, 0, `${script}\n`)).toEqual(await answers(plain, 0, `${script}\n`));
  });
});

test('a machine that goes down ends what the quick shell runs', async () => {
  const clock = new FakeClock();
  const world = await createWorld({ controlPlanes: 1, workers: 0, clock, quick: true });
  const [machine] = world.machines;
  if (!machine) throw new Error('no machine');
  const running = runScript(machine, 'echo before; sleep 100; echo after\n');
  await clock.advance(10);
  for (const process of machine.running) process.kill();
  expect(await clock.run(running)).toMatchObject({ code: 137, stdout: 'before\n' });
});

test.each([false, true])('sleep takes the time of the machine (quick: %s)', async (quick) => {
  const clock = new FastTime();
  const { machines } = await createWorld({ controlPlanes: 1, workers: 0, clock, quick });
  const [machine] = machines;
  if (!machine) throw new Error('no machine');
  const began = clock.now();
  const ran = await clock.run(runScript(machine, 'for i in 1 2 3; do sleep 19; done; echo $i'));
  expect([ran.stdout, clock.now() - began]).toEqual(['3\n', 57_000]);
});
