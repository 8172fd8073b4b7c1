import type { Target } from './transport.ts';

export type TransportName = 'ssh2' | 'openssh';

/** What is known of a login, of the node or of a jump host, before it is tried. */
export interface LoginSurvey {
  /** For messages: empty for the node itself. */
  readonly where: string;
  /** Names of files with user certificates: beside a key, or named. */
  readonly certificates: readonly string[];
  readonly agentCertificates: number;
  /** Names of identity files with FIDO keys. */
  readonly fidoKeys: readonly string[];
  /** `FILE:LINE` of certificate authorities for a host that has no plain key there. */
  readonly authorities: readonly string[];
  readonly config: ConfigSurvey | undefined;
}

/** What the operator's ssh_config(5) files ask for. */
export interface ConfigSurvey {
  /** GSSAPIAuthentication, by the operator's own file. */
  readonly gssapi: boolean;
  /** By keyword, algorithms that these files add to those of this ssh. */
  readonly added: Readonly<Record<string, readonly string[]>>;
}

export interface Choice {
  readonly name: TransportName;
  /** Why, where the inventory does not say. */
  readonly reasons: readonly string[];
}

/** ssh2, unless the inventory says otherwise or something asks for what only OpenSSH's client can. */
export function chooseTransport(wanted: Target['transport'], surveys: readonly LoginSurvey[]): Choice {
  if (wanted !== undefined) return { name: wanted, reasons: [] };
  const reasons = surveys.flatMap((survey) => reasonsOf(survey).map((reason) => `${survey.where}${reason}`));
  return { name: reasons.length > 0 ? 'openssh' : 'ssh2', reasons };
}

function reasonsOf({ certificates, agentCertificates, fidoKeys, authorities, config }: LoginSurvey): string[] {
  return [
    ...certificates.map((file) => `${file} is a certificate`),
    ...(agentCertificates > 0 ? ['the agent holds a certificate'] : []),
    ...fidoKeys.map((file) => `${file} is a FIDO key`),
    ...authorities.map((line) => `${line} trusts its host key by a certificate authority`),
    ...(config?.gssapi === true ? ['your ssh_config asks for GSSAPIAuthentication'] : []),
    ...Object.entries(config?.added ?? {}).map(
      ([keyword, names]) => `your ssh_config adds ${names.join(', ')} (${keyword})`,
    ),
  ];
}
