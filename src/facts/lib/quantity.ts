/** By resource: cpu in thousandths of one, all else in units (bytes for memory). */
export type Amounts = Readonly<Record<string, number>>;

const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** A Kubernetes quantity (`100m`, `1.5Gi`, `2e3`) in units; else undefined (apimachinery, pkg/api/resource). */
export function quantityOf(text: string): number | undefined {
  const [, number, suffix = ''] = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([a-zA-Z]{0,2})$/.exec(text) ?? [];
  const factor = SUFFIXES[suffix];
  return number === undefined || factor === undefined ? undefined : Number(number) * factor;
}

/** Quantities by resource; what cannot be read is left out. */
export function amountsOf(quantities: Readonly<Record<string, string>>): Amounts {
  const amounts: Record<string, number> = {};
  for (const [name, text] of Object.entries(quantities)) {
    const value = quantityOf(text);
    if (value !== undefined) amounts[name] = name === 'cpu' ? Math.round(value * 1000) : value;
  }
  return amounts;
}

export function sumOf(all: readonly Amounts[]): Amounts {
  const sum: Record<string, number> = {};
  for (const one of all) for (const [name, value] of Object.entries(one)) sum[name] = (sum[name] ?? 0) + value;
  return sum;
}

/** The greatest of each resource. */
export function largestOf(all: readonly Amounts[]): Amounts {
  const most: Record<string, number> = {};
  for (const one of all) {
    for (const [name, value] of Object.entries(one)) most[name] = Math.max(most[name] ?? 0, value);
  }
  return most;
}

/** An amount for people: `1.5` of cpu, `512Mi` of memory. */
export function amountText(name: string, value: number): string {
  if (name === 'cpu') return String(Math.round(value) / 1000);
  if (name !== 'memory' && name !== 'ephemeral-storage') return String(value);
  const isLarge = Math.abs(value) >= 2 ** 30;
  return `${Math.round((value / 2 ** (isLarge ? 30 : 20)) * 10) / 10}${isLarge ? 'Gi' : 'Mi'}`;
}
