import { quote } from '../../transport/quote.ts';
import { legacyOf, switchOf } from '../lib/switch.ts';
import type { PackageSources, Script, Switch } from '../manager.ts';
import { switchScript } from './switch-script.ts';

const KEYRING = '/etc/apt/keyrings/kubernetes-apt-keyring.gpg';
const LIST = '/etc/apt/sources.list.d/kubernetes.list';

export function planSwitch(found: PackageSources | undefined, minor: string, baseUrl: string | undefined): Switch {
  const enabled = (found?.sources ?? []).filter((source) => source.enabled && source.format !== 'repo');
  const source = enabled.find((candidate) => candidate.minor === minor) ?? enabled[0];
  const change = switchOf(source, minor, baseUrl, 'deb');
  const keyring = source ? source.signedBy : KEYRING;
  return {
    ...change,
    file: source?.file ?? LIST,
    format: source?.format === 'deb822' ? 'deb822' : 'list',
    line: `deb [signed-by=${KEYRING}] ${change.url} /`,
    // Signed-By may also hold a fingerprint or the key itself.
    ...(keyring?.startsWith('/') ? { keyring } : {}),
    ...(source?.inlineKey === true ? { inlineKey: true } : {}),
    disable: [...enabled.filter((candidate) => candidate !== source), ...legacyOf(found)],
  };
}

/** The script does what the commands do on copies, and puts everything back where apt refuses the new source. */
export function switchSource(change: Switch): Script {
  const { file, from, keyring, url, wanted } = change;
  const key = keyring?.endsWith('.asc')
    ? `curl -fsSL ${quote(`${url}Release.key`)} -o ${quote(keyring)}`
    : `curl -fsSL ${quote(`${url}Release.key`)} | gpg --batch --yes --dearmor -o ${quote(keyring ?? '')}`;
  const commands = [
    ...(keyring === undefined ? [] : [key]),
    from === undefined
      ? `echo ${quote(change.line)} >>${quote(file)}`
      : `sed -i ${quote(`s|${from}|${wanted}|`)} ${quote(file)}`,
    ...change.disable.map((source) =>
      source.format === 'list'
        ? `sed -i ${quote(`${source.line}s|^|# |`)} ${quote(source.file)}`
        : `sed -i ${quote(`${source.line}i Enabled: no`)} ${quote(source.file)}`,
    ),
    'apt-get update',
  ];
  return { commands, text: switchScript(change) };
}
