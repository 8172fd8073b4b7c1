import { describe, expect, test } from 'vitest';
import { chooseTransport, type LoginSurvey } from '../../src/transport/choice.ts';

const nothing: LoginSurvey = {
  where: '',
  certificates: [],
  agentCertificates: 0,
  fidoKeys: [],
  authorities: [],
  config: undefined,
};

describe('the transport of a login', () => {
  test('is ssh2 where nothing asks for more', () => {
    const config = { gssapi: false, added: {} };
    expect(chooseTransport(undefined, [nothing, { ...nothing, config }])).toEqual({ name: 'ssh2', reasons: [] });
  });

  test.each<[Partial<LoginSurvey>, string]>([
    [{ certificates: ['id-cert.pub'] }, 'id-cert.pub is a certificate'],
    [{ agentCertificates: 2 }, 'the agent holds a certificate'],
    [{ fidoKeys: ['id_sk'] }, 'id_sk is a FIDO key'],
    [{ authorities: ['known_hosts:3'] }, 'known_hosts:3 trusts its host key by a certificate authority'],
    [{ config: { gssapi: true, added: {} } }, 'your ssh_config asks for GSSAPIAuthentication'],
    [
      { config: { gssapi: false, added: { KexAlgorithms: ['diffie-hellman-group1-sha1'] } } },
      'your ssh_config adds diffie-hellman-group1-sha1 (KexAlgorithms)',
    ],
  ])('is openssh with the reason %j', (survey, reason) => {
    expect(chooseTransport(undefined, [{ ...nothing, ...survey }])).toEqual({ name: 'openssh', reasons: [reason] });
  });

  test('is openssh for a jump host that needs it, which is named', () => {
    const hop = { ...nothing, where: 'jump host bastion:22: ', certificates: ['id-cert.pub'] };
    expect(chooseTransport(undefined, [nothing, hop]).reasons).toEqual([
      'jump host bastion:22: id-cert.pub is a certificate',
    ]);
  });

  test.each(['ssh2', 'openssh'] as const)('is %s where the inventory says so', (name) => {
    expect(chooseTransport(name, [{ ...nothing, fidoKeys: ['id_sk'] }])).toEqual({ name, reasons: [] });
  });
});
