/** Characters of a line that are looked at, from both of its ends: a text is at one of them. */
const LONGEST = 2048;

// CSI and OSC sequences, as colours and titles.
// oxlint-disable-next-line no-control-regex
const ESCAPES = /\u001B(\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]*(\u0007|\u001B\\)?)/g;

/** A line of output without colours and escaped or typographic quotes, cut where it is very long. */
export function normalLine(line: string): string {
  const short = line.length > LONGEST ? `${line.slice(0, LONGEST / 2)} ${line.slice(-LONGEST / 2)}` : line;
  return short.replaceAll(ESCAPES, '').replaceAll(/\\+"/g, '"').replaceAll(/[‘’]/g, "'").replaceAll(/[“”]/g, '"');
}
