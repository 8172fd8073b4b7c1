import { describe, expect, test } from 'vitest';
import { loadInventory } from '../../src/documents/inventory.ts';
import { targetFor, type Hop } from '../../src/documents/target.ts';
import type { SshSettings } from '../../src/transport/ssh-config.ts';
import { shown } from './fakes.ts';

const head = 'apiVersion: runbook/v1\nkind: Inventory\ncluster: prod\n';
const env = { HOME: '/home/op', SSH_AUTH_SOCK: '/run/agent' };

/** The login of node `a` whose `ssh` is given, where ssh_config sets this. */
function login(ssh: string, set: Omit<SshSettings, 'options'>, hops: readonly Hop[] = [], proxyCommand?: string) {
  const text = `${head}nodes:\n  - { name: a, host: h, ssh: ${ssh} }\n`;
  const { value, diagnostics } = loadInventory('/etc/x/inventory.yaml', text);
  const node = value?.nodes[0];
  if (!node) throw new Error(shown(diagnostics).join('\n'));
  const settings = { ...set, options: new Map() };
  return targetFor(node, value, env, () => false, { settings, hops, proxyCommand });
}

describe('a login', () => {
  const set = {
    hostName: '10.0.0.1',
    user: 'conf',
    port: 2200,
    identityFiles: ['/conf/key'],
    identitiesOnly: true,
    certificateFiles: ['/conf/cert'],
    identityAgent: '/conf/agent',
    userKnownHosts: ['/conf/kh'],
    globalKnownHosts: [],
    strictHostKeyChecking: 'accept-new',
    hostKeyAlias: 'alias',
    connectTimeout: 1000,
    serverAliveInterval: 2000,
    serverAliveCountMax: 9,
  } as const;

  test('takes from ssh_config what the inventory does not say', () => {
    expect(login('{}', set)).toMatchObject({
      host: '10.0.0.1',
      user: 'conf',
      port: 2200,
      identityFiles: ['/conf/key'],
      identitiesOnly: true,
      certificateFiles: ['/conf/cert'],
      agentSocket: '/conf/agent',
      knownHosts: ['/conf/kh'],
      hostKeyChecking: 'accept-new',
      hostKeyAlias: 'alias',
      connectTimeout: 1000,
      keepaliveInterval: 2000,
      keepaliveCountMax: 9,
    });
  });

  test('is as the inventory says, setting by setting', () => {
    const ssh =
      '{ user: ops, port: 22, identityFile: k, agent: false, knownHosts: kh, hostKeyChecking: strict, connectTimeout: 3s, keepalive: 1m }';
    const target = login(ssh, set);
    expect(target).toMatchObject({
      host: '10.0.0.1',
      user: 'ops',
      port: 22,
      identityFiles: ['/etc/x/k'],
      identitiesOnly: true,
      knownHosts: ['/etc/x/kh'],
      hostKeyChecking: 'strict',
      connectTimeout: 3000,
      keepaliveInterval: 60_000,
    });
    expect(target).not.toHaveProperty('agentSocket');
  });

  test.each<[string, Omit<SshSettings, 'options'>, object]>([
    ['{}', { strictHostKeyChecking: 'no' }, { hostKeyChecking: 'strict' }],
    ['{ hostKeyChecking: off }', { strictHostKeyChecking: 'yes' }, { hostKeyChecking: 'off' }],
    ['{}', { strictHostKeyChecking: 'accept-new', userKnownHosts: ['/dev/null'] }, { hostKeyChecking: 'strict' }],
    ['{}', { strictHostKeyChecking: 'accept-new', userKnownHosts: [] }, { hostKeyChecking: 'strict' }],
    [
      '{ hostKeyChecking: accept-new }',
      { userKnownHosts: ['/dev/null'] },
      { knownHosts: ['/home/op/.ssh/known_hosts', '/etc/ssh/ssh_known_hosts'] },
    ],
    ['{}', { userKnownHosts: ['/dev/null'] }, { knownHosts: ['/dev/null', '/etc/ssh/ssh_known_hosts'] }],
  ])('with %s and %j in ssh_config never checks less than the inventory says', (ssh, settings, expected) => {
    expect(login(ssh, settings)).toMatchObject(expected);
  });

  test('uses no agent where ssh_config says none, but where the inventory wants one', () => {
    expect(login('{}', { identityAgent: 'none' })).not.toHaveProperty('agentSocket');
    expect(login('{ agent: true }', { identityAgent: 'none' })).toMatchObject({ agentSocket: '/run/agent' });
    expect(login('{}', { identityAgent: 'SSH_AUTH_SOCK' })).toMatchObject({ agentSocket: '/run/agent' });
  });

  test('its whole way is looked up in the files that the inventory names, by the name that they know', () => {
    const hops = [{ host: 'bastion', ssh: {} }];
    expect(login('{}', set, hops)).toMatchObject({ configName: 'h' });
    expect(login('{}', set, hops)).not.toHaveProperty('configFiles');
    const files = { configFiles: ['/etc/x/own_config'] };
    expect(login('{ config: own_config }', set, hops)).toMatchObject({ ...files, jump: [files] });
    expect(login('{ config: false }', {}, hops)).toMatchObject({ configFiles: [], jump: [{ configFiles: [] }] });
  });

  test('a ProxyCommand leads to the first host of the way alone', () => {
    const hops = ['first', 'second'].map((host) => ({ host, ssh: {} }));
    const { jump, ...target } = login('{}', {}, hops, 'nc first 22');
    expect(jump.map(({ proxyCommand }) => proxyCommand)).toEqual(['nc first 22', undefined]);
    expect(target).not.toHaveProperty('proxyCommand');
    expect(login('{}', {}, [], 'nc h 22')).toMatchObject({ proxyCommand: 'nc h 22', jump: [] });
  });
});

describe('the way in an inventory', () => {
  const sshOf = (text: string, index = 0) => loadInventory('i.yaml', `${head}${text}`).value?.nodes[index]?.ssh;

  test('that is nearer to the node replaces the other', () => {
    const nodes = 'nodes:\n  - { name: a, host: h }\n  - { name: b, host: i, ssh: { jump: none } }\n';
    expect(sshOf(`ssh: { jump: x }\n${nodes}groups: { g: { nodes: [a], ssh: { proxyCommand: nc } } }\n`)).toEqual({
      proxyCommand: 'nc',
    });
    expect(sshOf(`ssh: { proxyCommand: nc }\n${nodes}`, 1)).toEqual({ jump: [] });
  });

  test('is one of the two at one place', () => {
    const { diagnostics } = loadInventory(
      'i.yaml',
      `${head}ssh: { jump: x, proxyCommand: nc, config: 1 }\nnodes: [{ name: a, host: h }]\n`,
    );
    expect(shown(diagnostics)).toEqual([
      '4:17 duplicate-key `jump` and `proxyCommand` are both given',
      '4:43 invalid-value `config` must be a file, or false',
    ]);
  });
});
