import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { fakeLab } from './rig.ts';

it('touches nothing of the machine it runs on', async () => {
  const { run } = await fakeLab({ controlPlanes: 1, workers: 0 });
  const name = `/tmp/runbook-lab-probe-${process.pid}`;
  const { stdout } = await run(
    'cp-1',
    `touch ${name}; echo x >${name}.2; ls ${name}*; cat /etc/passwd; hostname; ls ${process.cwd()} 2>&1`,
  );
  expect(stdout).toContain(`${name}\n`);
  expect(stdout).toContain('ops:x:1000:1000:lab operator');
  expect(stdout).toContain('cp-1\n');
  expect(stdout).toContain('No such file or directory');
  expect([existsSync(name), existsSync(`${name}.2`)]).toEqual([false, false]);
  for (const program of ['node', 'python3', 'docker', 'mount'])
    expect((await run('cp-1', `${program} --version`)).code).toBe(127);
});

it('runs pipes, captures, functions, here-documents, set -eu and an EXIT trap', async () => {
  const { run } = await fakeLab({ controlPlanes: 1, workers: 0 });
  const script = `set -eu
bye() { echo "bye $who"; }
trap bye EXIT
who=lab
up() { printf '%s\\n' "$1" | tr a-z A-Z; }
x=$(kubeadm version -o short)
up "$x"
cat <<END | sed 's/^/> /'
$who has $(hostname)
END
if apt-mark showhold | grep -q kubeadm; then echo held; else echo free; fi
false
echo never`;
  const { code, stdout } = await run('cp-1', script);
  expect(stdout).toBe('V1.31.9\n> lab has cp-1\nheld\nbye lab\n');
  expect(code).toBe(1);
});

it('keeps files that belong to root from others, and sudo gives them', async () => {
  const { run } = await fakeLab({ controlPlanes: 1, workers: 0 });
  const path = '/etc/kubernetes/admin.conf';
  expect((await run('cp-1', `cat ${path}`, 1000)).code).not.toBe(0);
  expect((await run('cp-1', `sudo -n cat ${path}`, 1000)).stdout).toContain('kubernetes-admin');
  expect((await run('cp-1', 'echo x >/etc/motd', 1000)).code).not.toBe(0);
});

it('prints numbers of 64 bits whole, as ids of etcd are', async () => {
  const { run } = await fakeLab({ controlPlanes: 1, workers: 0 });
  const { stdout } = await run('cp-1', `printf '%x %X %o\\n' 17930513049420384048 255 8`);
  expect(stdout).toBe('f8d5fa9e57354730 FF 10\n');
});

it('runs wrappers: sudo, env, timeout, nohup, setsid, sh -c with arguments, sh on a file and on stdin', async () => {
  const { run } = await fakeLab({ controlPlanes: 1, workers: 0 });
  const lines = [
    `sudo -n env A=1 sh -c 'echo $A $1' x y`,
    'timeout 5 nohup setsid echo z',
    'timeout 1 sleep 30; echo $?',
    `printf 'echo from file $1' >/tmp/f; sh /tmp/f q`,
    `echo 'echo from stdin' | sh`,
  ];
  expect((await run('cp-1', lines.join('\n'))).stdout).toBe('1 y\nz\n124\nfrom file q\nfrom stdin\n');
});

it('takes a script of any length, its text in a here-document, and keeps nothing of it', async () => {
  const { run } = await fakeLab({ controlPlanes: 1, workers: 0 });
  const line = 'it is $not "expanded"';
  const text = `${line}\n`.repeat(50_000);
  const script = `{\ncat <<'END' | dd of=/root/copy 2>/dev/null\n${text}END\n[ $? = 0 ] && wc -c </root/copy && tail -n 1 /root/copy\n}\n`;
  const { code, stdout, stderr } = await run('cp-1', script);
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${text.length}\n${line}\n`, stderr: '' });
  expect((await run('cp-1', 'ls -A /dev/shm')).stdout).toBe('');
});
