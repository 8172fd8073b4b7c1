import { describe, expect, it } from 'vitest';
import { parseBinaries } from '../../src/facts/binaries.ts';
import { parseKubelet } from '../../src/facts/kubelet.ts';
import { parseMachine } from '../../src/facts/machine.ts';
import { parseOffered } from '../../src/facts/offered.ts';
import { parseOs } from '../../src/facts/os.ts';
import { parsePackages } from '../../src/facts/packages.ts';
import { parseStaticPods } from '../../src/facts/static-pods.ts';
import { fixture, linesOf } from './fixture.ts';

const host = fixture('host.txt');

describe('os', () => {
  it('reads what a real Debian says', () => {
    expect(parseOs(`${host}\nmanager: apt\n`)).toEqual({
      id: 'debian',
      idLike: [],
      versionId: '12',
      prettyName: 'Debian GNU/Linux 12 (bookworm)',
      packageManager: 'apt',
    });
  });

  it('takes values in single quotes, with escapes, and several relatives', () => {
    const text = `NAME='Rocky Linux'\nID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"\nPRETTY_NAME="Rocky \\"Blue\\" Linux"\nmanager: dnf\n`;
    expect(parseOs(text)).toEqual({
      id: 'rocky',
      idLike: ['rhel', 'centos', 'fedora'],
      versionId: '9.4',
      prettyName: 'Rocky "Blue" Linux',
      packageManager: 'dnf',
    });
  });

  it('refuses a text without an ID', () => {
    expect(() => parseOs('NAME=x\n')).toThrow('names no ID');
  });
});

describe('machine', () => {
  const [name, machineId, bootId] = host.split('\n').slice(9, 12);
  const output = `hostname: ${name}\nmachine-id: ${machineId}\nsystem-uuid: \nboot-id: ${bootId}\n${linesOf(host, /^\d+: /)}\n`;

  it('reads a real node, without its loopback address', () => {
    expect(parseMachine(output)).toEqual({
      hostname: 'cp1',
      machineId: 'b980610cfaa9d05a321a87e4251dd80c',
      bootId: '7057cfe7-38d8-4488-8aa7-d6583bdf54ea',
      addresses: ['10.88.0.11', '10.244.11.1'],
    });
  });

  it('writes ids in lower case and the machine-id without dashes', () => {
    const fact = parseMachine(
      'hostname: a\nmachine-id: ABCD-EF\nsystem-uuid: 4C4C4544-0042\nboot-id: X\naddresses: 10.0.0.1 fd00::1 \n',
    );
    expect(fact).toMatchObject({
      machineId: 'abcdef',
      systemUuid: '4c4c4544-0042',
      addresses: ['10.0.0.1', 'fd00::1'],
    });
  });

  it('leaves out what kube-proxy keeps on kube-ipvs0 and the IPv6 loopback', () => {
    const lines =
      '1: lo    inet6 ::1/128 scope host\n3: kube-ipvs0    inet 10.96.0.1/32 scope global\n2: eth0    inet6 fd00::b/64 scope global\n';
    expect(parseMachine(`machine-id: a\n${lines}`).addresses).toEqual(['fd00::b']);
  });

  it('refuses a machine without a machine-id', () => {
    expect(() => parseMachine('hostname: a\nmachine-id: \n')).toThrow('no machine-id');
  });
});

describe('packages', () => {
  const apt = fixture('apt.txt');

  it('reads revisions, states and holds of a real node', () => {
    const holds = ['kubeadm', 'kubectl', 'kubelet'].map((held) => `held: ${held}`).join('\n');
    const fact = parsePackages(`${linesOf(apt, /^[a-z-]+ \d\S+ [a-z]i/)}\n${holds}\n`);
    expect(fact.held).toEqual(['kubeadm', 'kubectl', 'kubelet']);
    expect(fact.installed).toEqual({
      'cri-tools': { revision: '1.20.0-1.1', status: 'ii' },
      kubeadm: { revision: '1.20.2-1.1', status: 'hi' },
      kubectl: { revision: '1.20.2-1.1', status: 'hi' },
      kubelet: { revision: '1.20.2-1.1', status: 'hi' },
      'kubernetes-cni': { revision: '0.8.7-1.1', status: 'ii' },
    });
  });

  it('keeps a package that is unpacked only, and drops those that are gone or never were here', () => {
    const fact = parsePackages('kubelet 1.21.0-1.1 iU \nkubeadm 1.21.0-1.1 rc \nkubectl  un \n');
    expect(fact.installed).toEqual({ kubelet: { revision: '1.21.0-1.1', status: 'iU' } });
  });

  it('reads version locks of dnf 4 and dnf 5, and architectures behind a hold', () => {
    const fact = parsePackages(
      'held: kubectl:amd64\nlocked: kubelet-0:1.32.9-150500.1.1.*\nlocked: Package name: kubeadm\nlocked: kubelet-extra-0:1\n',
    );
    expect(fact.held).toEqual(['kubeadm', 'kubectl', 'kubelet']);
  });
});

describe('binaries', () => {
  it('reads what the real programs print', () => {
    const printed = fixture('kubeadm-version.txt');
    const client = linesOf(printed, /gitVersion/).split('\n')[0] ?? '';
    const output = `kubeadm: ${linesOf(printed, /^v1/)}\nkubelet: ${linesOf(printed, /^Kubernetes/)}\nkubectl: ${client}\n`;
    expect(parseBinaries(output)).toEqual({ kubeadm: '1.20.2', kubelet: '1.20.2', kubectl: '1.20.2' });
  });

  it('leaves out a missing program and refuses one that says nothing', () => {
    expect(parseBinaries('kubelet: Kubernetes v1.33.0-rc.1\n')).toEqual({ kubelet: '1.33.0-rc.1' });
    expect(() => parseBinaries('kubeadm: \n')).toThrow('kubeadm says no version');
  });
});

describe('static pods', () => {
  const text = fixture('manifests.txt');
  const manifest = text.slice(text.indexOf('apiVersion: v1'));

  it('reads the real manifest of an API server with its endpoint', () => {
    expect(parseStaticPods(`---\n${manifest}\n`)).toEqual({
      components: { 'kube-apiserver': { image: 'k8s.gcr.io/kube-apiserver:v1.20.2', tag: '1.20.2' } },
      apiServerEndpoint: '10.88.0.11:6443',
    });
  });

  it('takes the endpoint from the flags where the annotation is missing', () => {
    const bare = manifest.replace(/ {2}annotations:\n.*\n/, '').replace('--secure-port=6443', '--secure-port=8443');
    expect(parseStaticPods(bare).apiServerEndpoint).toBe('10.88.0.11:8443');
  });

  it('is empty on a worker', () => {
    expect(parseStaticPods('')).toEqual({ components: {} });
  });

  it('reads the tag of an image with a port and a digest', () => {
    const image = 'registry.local:5000/etcd:3.5.24-0@sha256:0123';
    const pod = `metadata: {name: etcd}\nspec: {containers: [{image: "${image}"}]}\n`;
    expect(parseStaticPods(pod).components).toEqual({ etcd: { image, tag: '3.5.24-0' } });
  });

  it('refuses a manifest that is cut off or no pod', () => {
    expect(() => parseStaticPods('---\nkind: "Pod\n')).toThrow('not YAML');
    expect(() => parseStaticPods('---\nkind: Pod\n')).toThrow('not a pod');
  });
});

describe('kubelet', () => {
  const unit = fixture('kubelet-unit.txt');
  const state = `${linesOf(unit, /^(Active|ExecMain)/)}\n`;

  it('reads a real kubelet', () => {
    const server = `server: ${/server: (\S+)/.exec(unit)?.[1]}`;
    const output = `${server}\nsubject=O = system:nodes, CN = system:node:cp1\n${state}changed: 1795225000\nhealth: ok\n`;
    expect(parseKubelet(output)).toEqual({
      server: 'https://10.88.0.1:6443',
      nodeName: 'cp1',
      active: true,
      startedAt: Date.UTC(2026, 10, 21, 1, 58, 44) / 1000,
      binaryChangedAt: 1795225000,
      healthy: true,
    });
  });

  it('reads the subject in every form that openssl has', () => {
    for (const subject of [
      'subject=O=system:nodes, CN=system:node:a.example.com',
      'subject= /O=system:nodes/CN=system:node:a.example.com',
    ]) {
      expect(parseKubelet(`server: \n${subject}\nhealth: \n`).nodeName).toBe('a.example.com');
    }
  });

  it('says nothing about what is not there', () => {
    expect(parseKubelet('server: \n\nActiveState=inactive\nExecMainStartTimestamp=\nchanged: \nhealth: \n')).toEqual({
      active: false,
      healthy: false,
    });
  });
});

describe('offered', () => {
  it('sorts revisions by their numbers and keeps why a minor could not be read', () => {
    const output = [
      'url: 1.32 https://example.com/core:/stable:/v1.32/deb/',
      'offers: 1.32 kubeadm 1.32.9-1.1',
      'offers: 1.32 kubeadm 1.32.10-1.1',
      'offers: 1.32 kubeadm 1.32.9-2.1',
      'url: 1.40 https://example.com/core:/stable:/v1.40/deb/',
      'error: 1.40 curl: (22) The requested URL returned error: 404',
    ].join('\n');
    expect(parseOffered(output)).toEqual({
      '1.32': {
        url: 'https://example.com/core:/stable:/v1.32/deb/',
        revisions: { kubeadm: ['1.32.10-1.1', '1.32.9-2.1', '1.32.9-1.1'] },
      },
      '1.40': {
        url: 'https://example.com/core:/stable:/v1.40/deb/',
        revisions: {},
        error: 'curl: (22) The requested URL returned error: 404',
      },
    });
  });
});
