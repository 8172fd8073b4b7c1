import type { Fact } from './fact.ts';

/** A variable by which programs find a proxy; a password in its value is masked. */
export interface ProxyVariable {
  readonly name: string;
  readonly value: string;
}

/**
 * The proxy variables of the shell in which steps run on the node. kubeadm writes those that end in `_proxy`, in any
 * case, into the static pods (cmd/kubeadm/app/util/env.go: GetProxyEnvVars).
 */
export const proxyVariables: Fact<readonly ProxyVariable[]> = {
  command: "env | grep -i '_proxy='",
  remedy: 'Look at the environment of the login there.',
  script: () => `env | grep -i '^[a-z_][a-z0-9_]*_proxy=.'
true`,
  parse: (output) =>
    output.split('\n').flatMap((line) => {
      const [, name, value = ''] = /^([A-Za-z_]\w*)=(.*)$/.exec(line) ?? [];
      return name === undefined ? [] : [{ name, value: withoutPassword(value) }];
    }),
};

/** `http://user:secret@proxy:3128` -> `http://***@proxy:3128` */
export function withoutPassword(value: string): string {
  return value.replace(/\/\/[^/@]*@/, '//***@');
}

export function isProxyVariable(name: string): boolean {
  return name.toLowerCase().endsWith('_proxy');
}
