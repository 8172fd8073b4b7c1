import { describe, expect, it } from 'vitest';
import { etcd } from '../../src/facts/etcd.ts';
import { fixture } from './fixture.ts';

const [members = '', health = '', status = ''] = fixture('etcd.txt').split('\n');
const answers = (parts: Readonly<Record<string, string>>, head = 'source: etcd-cp1\n') =>
  head +
  Object.entries(parts)
    .map(([name, text]) => `--- ${name}\n${text}\n\n`)
    .join('');
const parse = (output: string) => etcd.parse(output, { kubeconfig: '/etc/kubernetes/admin.conf' });

describe('the members of etcd', () => {
  it('are read from the answers of a real etcdctl, ids to their last digit', () => {
    const fact = parse(answers({ members, health, status, alarms: '{"header":{"cluster_id":1}}' }));
    expect(fact).toMatchObject({ external: false, source: 'etcd-cp1', clusterId: '2499d388f3020ac6' });
    expect(fact.error).toBeUndefined();
    expect(fact.members).toEqual([
      member('cp3', '3c4451b06d7f70a8', '10.88.0.13', 3084288, false),
      member('cp1', '61b0e4c903ede356', '10.88.0.11', 3104768, false),
      member('cp2', '6771187ff89e9b4b', '10.88.0.12', 3108864, true),
    ]);
  });

  it('are found unhealthy where the health says so, without versions where the status is silent', () => {
    const fact = parse(
      answers({
        members,
        health:
          '[{"endpoint":"https://10.88.0.11:2379","health":true,"took":"20ms"},{"endpoint":"https://10.88.0.12:2379","health":true,"took":"20ms"},{"endpoint":"https://10.88.0.13:2379","health":false,"took":"4s","error":"context deadline exceeded"}]',
        status: status.replace(/^\[\{.*?\}\},/, '['),
        alarms: '',
      }),
    );
    expect(fact.members[0]).toMatchObject({ name: 'cp3', healthy: false, problem: 'context deadline exceeded' });
    expect(fact.members[0]?.version).toBeUndefined();
    expect(fact.members.slice(1).map(({ healthy, version }) => [healthy, version])).toEqual([
      [true, '3.4.23'],
      [true, '3.4.23'],
    ]);
  });

  it('tell learners, alarms and a member that never started; log lines around the answers do not matter', () => {
    const fact = parse(
      answers({
        members:
          '{"level":"warn","msg":"a log line"}\n{"header":{},"members":[{"ID":18446744073709551615,"name":"cp1","peerURLs":["https://10.0.0.1:2380"],"clientURLs":["https://10.0.0.1:2379"],"isLearner":true},{"ID":2,"peerURLs":["https://10.0.0.2:2380"]}]}\nanother',
        health: '[]',
        alarms: '{"header":{},"alarms":[{"memberID":18446744073709551615,"alarm":1},{"memberID":2,"alarm":2}]}',
      }),
    );
    expect(fact.members).toMatchObject([
      { id: 'ffffffffffffffff', name: 'cp1', learner: true, alarms: ['NOSPACE'], healthy: false },
      { id: '2', name: '', clientUrls: [], alarms: ['CORRUPT'] },
    ]);
  });

  it('have no health where that question got no answer', () => {
    expect(parse(answers({ members, status })).members.every((one) => one.healthy === undefined)).toBe(true);
  });

  it('are not known where nobody could be asked, which is no failure', () => {
    expect(parse('error: none of the pods answered: etcd-cp1 etcd-cp2\n')).toEqual({
      external: false,
      members: [],
      error: 'none of the pods answered: etcd-cp1 etcd-cp2',
    });
    expect(parse('external: yes\nsource: https://10.0.0.5:2379\nerror: there is no etcdctl on this machine\n')).toEqual(
      {
        external: true,
        source: 'https://10.0.0.5:2379',
        members: [],
        error: 'there is no etcdctl on this machine',
      },
    );
    expect(parse(answers({ members: 'nonsense' })).error).toBe('etcdctl member list said nothing usable');
  });
});

function member(name: string, id: string, ip: string, dbSize: number, leader: boolean) {
  return {
    id,
    name,
    peerUrls: [`https://${ip}:2380`],
    clientUrls: [`https://${ip}:2379`],
    learner: false,
    healthy: true,
    version: '3.4.23',
    dbSize,
    dbSizeInUse: dbSize,
    raftIndex: 1813,
    follows: '6771187ff89e9b4b',
    leader,
    alarms: [],
  };
}
