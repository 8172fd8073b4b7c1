import { readFileSync } from 'node:fs';
import type { Fact } from '../../src/facts/fact.ts';
import { podTemplate } from '../../src/facts/pods.ts';
import { jsonpath } from '../../src/lab/kubectl/jsonpath.ts';

const folder = new URL('../fixtures/cluster-1.20.2-ha/', import.meta.url);

/** A file of the outputs kept from a real cluster, without the line that names the command and the one with its status. */
export function fixture(name: string): string {
  return readFileSync(new URL(name, folder), 'utf8')
    .replace(/^\$ \[\d+\] .*\n/, '')
    .replace(/\nrc=\d+\n?$/, '\n');
}

/** The DaemonSets and pods of the real cluster, as kubectl prints them by the script of the fact. */
export function podLines(): string {
  const daemonSets = 'daemonset: demo/agent\ndaemonset: kube-system/kube-proxy\n';
  return `${daemonSets}${jsonpath(podTemplate, JSON.parse(fixture('pods.json')))}`;
}

/** What a fact's parser makes of an output. */
export function parsed<T>(fact: Fact<T>, output: string): T {
  return fact.parse(output, { kubeconfig: '/etc/kubernetes/admin.conf' });
}
