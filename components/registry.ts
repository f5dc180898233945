/**
 * Every component of the cluster by name, loaded when it is wanted: a command that needs none loads none.
 */
import type { Component, ComponentName } from './component.ts';

/** How to load each component's code. */
export const registry = {
  etcd: async () => (await import('./etcd/component.ts')).etcd,
  'kube-apiserver': async () => (await import('./apiserver/component.ts')).kubeApiserver,
  kubelet: async () => (await import('./kubelet/component.ts')).kubelet,
  'kube-scheduler': async () => (await import('./scheduler/component.ts')).kubeScheduler,
  'kube-controller-manager': async () =>
    (await import('./controller-manager/component.ts')).kubeControllerManager,
  'kube-proxy': async () => (await import('./kube-proxy/component.ts')).kubeProxy,
  kubectl: async () => (await import('./kubectl/component.ts')).kubectl,
} as const satisfies Record<ComponentName, () => Promise<Component>>;

/** Load one component. */
export function loadComponent(name: ComponentName): Promise<Component> {
  return registry[name]();
}
