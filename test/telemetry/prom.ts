/** Values of Prometheus' text format, by name and labels as they are written. Refuses what promtool would. */
export function samplesIn(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  const seen = new Set<string>();
  let family = '';
  for (const line of text.replace(/\n$/, '').split('\n')) {
    const comment = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line);
    if (comment?.[1] === 'HELP') {
      family = comment[2] ?? '';
      if (seen.has(family)) throw new Error(`${family} comes twice`);
      seen.add(family);
      continue;
    }
    if (comment?.[1] === 'TYPE') {
      if (comment[2] !== family || comment[3] !== 'gauge') throw new Error(`not the type of ${family}: ${line}`);
      continue;
    }
    const [, name, labels = '', value] =
      /^([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*"(?:,(?!\})|(?=\})))*\})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(
        line,
      ) ?? [];
    if (name !== family || value === undefined) throw new Error(`not a sample of ${family}: ${line}`);
    if (samples.has(name + labels)) throw new Error(`twice: ${line}`);
    samples.set(name + labels, Number(value));
  }
  return samples;
}
