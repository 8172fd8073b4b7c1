import { withoutV } from './version.ts';

/** The tag of an image without `v`: `registry:5000/kube-proxy:v1.32.9@sha256:...` -> `1.32.9`; empty if none. */
export function tagOf(image: string): string {
  const name = image.replace(/@.*$/, '');
  const last = name.slice(name.lastIndexOf('/') + 1);
  return last.includes(':') ? withoutV(last.slice(last.indexOf(':') + 1)) : '';
}

/** `registry:5000/kube-proxy:v1.32.9@sha256:...` -> `registry:5000/kube-proxy` */
export function withoutTag(image: string): string {
  return image.replace(/(:[^:/@]*)?(@.*)?$/, '');
}

/** Registries that kubeadm takes for its own, and moves from one to the other by itself (since 1.25). */
export const KUBEADM_REGISTRIES: readonly string[] = ['registry.k8s.io', 'k8s.gcr.io'];
