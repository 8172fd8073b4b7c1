import { describe, expect, it } from 'vitest';
import { fakeLab } from './rig.ts';

const switchTo = (minor: string) =>
  `sed -i 's#/v1\\.[0-9]*/#/v${minor}/#' /etc/apt/sources.list.d/kubernetes.list; apt-get update -qq`;
const install = 'apt-get -y -qq -o Dpkg::Options::=--force-confold install';

describe('packages in the lab', () => {
  it('refuses to change held packages', async () => {
    const { run, lab } = await fakeLab({ controlPlanes: 1, workers: 0 });
    const held = await run('cp-1', `${switchTo('1.32')}; ${install} kubeadm=1.32.9-1.1`);
    expect(held.code).toBe(100);
    expect(held.stderr).toContain(
      'E: Held packages were changed and -y was used without --allow-change-held-packages.',
    );
    expect((await lab.state()).nodes[0]?.packages['kubeadm']).toBe('1.31.9');
  });

  it('knows only what the last update of the configured repository saw', async () => {
    const { run } = await fakeLab({ controlPlanes: 1, workers: 0 });
    const wanted = `apt-mark unhold kubeadm >/dev/null; ${install} 'kubeadm=1.32.9-*'`;
    expect((await run('cp-1', wanted)).stderr).toBe("E: Version '1.32.9-*' for 'kubeadm' was not found\n");
    const edited = await run('cp-1', `sed -i 's#/v1.31/#/v1.32/#' /etc/apt/sources.list.d/kubernetes.list; ${wanted}`);
    expect(edited.code).toBe(100);
    expect((await run('cp-1', `apt-get update -qq; ${wanted}; kubeadm version -o short`)).stdout).toMatch(
      /v1\.32\.9\n$/,
    );
    expect((await run('cp-1', 'apt-cache madison kubeadm')).stdout).toContain(
      'kubeadm | 1.32.9-1.1 | https://pkgs.k8s.io/core:/stable:/v1.32/deb  Packages',
    );
  });

  it('has no repository of a minor that does not exist', async () => {
    const { run } = await fakeLab({ controlPlanes: 1, workers: 0 });
    expect((await run('cp-1', switchTo('1.99'))).code).toBe(100);
    expect((await run('cp-1', 'curl -fsSL https://pkgs.k8s.io/core:/stable:/v1.99/deb/Packages')).code).toBe(22);
  });

  it('asks about a changed conffile where no option decides, and dpkg --configure repairs it', async () => {
    const { run } = await fakeLab({ controlPlanes: 1, workers: 0 });
    const asked = await run(
      'cp-1',
      `${switchTo('1.32')}; apt-mark unhold kubelet; apt-get -y install kubelet=1.32.9-1.1`,
    );
    expect(asked.code).toBe(100);
    expect(asked.stderr).toContain('end of file on stdin at conffile prompt');
    expect((await run('cp-1', 'dpkg --audit')).stdout).toContain('unpacked but not yet configured');
    expect(
      (
        await run(
          'cp-1',
          'dpkg --force-confold --configure -a && dpkg --audit && dpkg-query -W -f=\\${db:Status-Abbrev} kubelet',
        )
      ).stdout,
    ).toMatch(/ii $/);
  });

  it('dearmors a signing key, and does not overwrite a keyring unasked', async () => {
    const { run } = await fakeLab({ controlPlanes: 1, workers: 0 });
    const fetch = 'curl -fsSL https://pkgs.k8s.io/core:/stable:/v1.32/deb/Release.key | gpg';
    const ring = '/etc/apt/keyrings/kubernetes-apt-keyring.gpg';
    expect((await run('cp-1', `${fetch} --dearmor -o ${ring}`)).code).toBe(2);
    expect((await run('cp-1', `${fetch} --batch --yes --dearmor -o ${ring} && cat ${ring}`)).stdout).toContain('v1.32');
  });

  it('has signing keys with two years to go, or with the end in their keyring', async () => {
    const { run, clock } = await fakeLab({ controlPlanes: 1, workers: 0 });
    const ring = '/etc/apt/keyrings/kubernetes-apt-keyring.gpg';
    const show = `gpg --show-keys --with-colons ${ring} | grep '^pub:' | cut -d: -f7`;
    expect(Number((await run('cp-1', show)).stdout)).toBe(Math.floor(clock.now() / 1000) + 63_072_000);
    expect((await run('cp-1', `echo 'expires: 1700000000' >>${ring}; ${show}`)).stdout).toBe('1700000000\n');
  });
});
