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
function withoutPassword(value: string): string {
  return value.replace(/\/\/[^/@]*@/, '//***@');
}

/** A variable of a static pod: its value only where it is a proxy's, as others may hold secrets. */
export function shownVariable({ name, value }: { readonly name: string; readonly value?: string | null | undefined }) {
  return name.toLowerCase().endsWith('_proxy') ? { name, value: withoutPassword(value ?? '') } : { name };
}
