/** Of these, programs know all values: no one chooses one. */
const CLOSED =
  /\.(flags\.\d+\.name|featureGates\.[^.]+|configFiles\.\d+\.flag|heartbeat|renewTime|deletedAt|initStart|status|ended)$|\.calls\.\d+\.id$|\.manifestsBy$|^nodes\.[^.]+\.(offered|binaries)\.[^.]+$/;

/** Objects whose keys are data. */
const DATA = new Set(
  'labels annotations matchLabels nodeSelector fields settings components installed requests allocatable limits extra marks several interrupted archives revisions selector manifests'.split(
    ' ',
  ),
);

/** A name that no one else has, at the end of each text in facts, and of each key that is data. */
export function planted(value: unknown, path: readonly string[] = []): unknown {
  if (typeof value === 'string') return CLOSED.test(path.join('.')) ? value : `${value}-zebra`;
  if (Array.isArray(value)) return value.map((item, at) => planted(item, [...path, String(at)]));
  if (typeof value !== 'object' || value === null) return value;
  const renames = DATA.has(path.at(-1) ?? '') && !('matchLabels' in value);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [renames ? `${key}-zebra` : key, planted(item, [...path, key])]),
  );
}
