import type { Cluster } from '../cluster.ts';

/** What is made once for each cluster, and kept as long as it. */
export function perCluster<T>(make: (cluster: Cluster) => T): (cluster: Cluster) => T {
  const known = new WeakMap<Cluster, { readonly made: T }>();
  return (cluster) => {
    let entry = known.get(cluster);
    if (!entry) known.set(cluster, (entry = { made: make(cluster) }));
    return entry.made;
  };
}
