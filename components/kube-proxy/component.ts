/**
 * kube-proxy: keeps a node's rule table from services and endpoint slices. A pure client of the API server.
 *
 * The table is a file inside the host, `/var/lib/kube-proxy/rules.txt`, in the form of `iptables-save`. When the API
 * server cannot be reached the last table stays: old rules go on working, new endpoints are not learnt.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { LabError, messageOf } from '../../certs/errors.ts';
import { type ApiClient, createApiClient } from '../api/client.ts';
import type { EndpointSlice, KubeList, Node, Service } from '../api/kinds.ts';
import { startRounds } from '../api/rounds.ts';
import type { Component, Running, StartContext } from '../component.ts';
import { parseFlags } from '../flags.ts';
import type { Host } from '../host.ts';
import { readProxyConfig } from './config.ts';
import { PROXY_FLAGS } from './flags.ts';
import { endpointCount, ruleTable } from './rules.ts';

/** Where the rule table lies, inside the host. */
export const RULES_PATH = '/var/lib/kube-proxy/rules.txt';
/** Changes that come together are written together. Real: --iptables-min-sync-period, 1 s. */
const GATHER_MS = 100;

/** The real binary, as the lab runs it. */
export const kubeProxy: Component = {
  name: 'kube-proxy',
  role: 'client',
  flags: PROXY_FLAGS,
  dependsOn: ['kube-apiserver'],
  start,
};

async function start(context: StartContext): Promise<Running> {
  const { host, settings, roundMs } = context;
  const flags = parseFlags('kube-proxy', PROXY_FLAGS, context.argv);
  const kubeconfig = flags.config === '' ? flags.kubeconfig : readProxyConfig(host, flags.config).kubeconfig;
  if (kubeconfig === '') {
    throw new LabError('FLAG_INVALID', {
      what: 'kube-proxy: neither --config nor --kubeconfig is set',
      fix: 'add --config=/var/lib/kube-proxy/config.conf',
    });
  }
  const node = flags['hostname-override'] || host.name;
  const client = createApiClient({
    host,
    component: context.id,
    kubeconfig,
    settings,
    roundMs,
    log: context.log,
  });
  client.klog('I', 'server_linux.go:53', 'Using iptables proxy');
  const table = startTable(client, host);
  let known = false;
  const rounds = startRounds(roundMs, async () => {
    client.newRound();
    try {
      const query = { fieldSelector: `metadata.name=${node}` };
      const { items } = await client.request<KubeList<Node>>('GET', '/api/v1/nodes', undefined, { query });
      if (items.length > 0 && !known) {
        client.klog('I', 'server.go:715', 'Successfully retrieved node IP(s)', { IPs: ['127.0.0.1'] });
      }
      known = items.length > 0;
    } catch (error) {
      client.klog('E', 'server.go:704', 'Failed to retrieve node info', { err: messageOf(error) });
    }
  });
  client.onRotate(() => void rounds.now());
  return {
    id: context.id,
    endpoint: null,
    files: () => client.files(),
    dialNow: () => rounds.now(),
    close: async () => {
      await rounds.close();
      table.close();
      await client.close();
    },
  };
}

function startTable(client: ApiClient, host: Host): { close(): void } {
  let timer: NodeJS.Timeout | undefined;
  const onChange = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      write();
    }, GATHER_MS);
  };
  const services = client.watch<Service>('/api/v1/services', { type: '*v1.Service', onChange });
  const slices = client.watch<EndpointSlice>('/apis/discovery.k8s.io/v1/endpointslices', {
    type: '*v1.EndpointSlice',
    onChange,
  });
  const write = (): void => {
    if (!services.synced() || !slices.synced()) {
      onChange();
      return;
    }
    try {
      const changed = writeTable(host, ruleTable(services.list(), slices.list()));
      if (!changed) return;
      client.klog('I', 'proxier.go:1543', 'Reloading service iptables data', {
        numServices: services.list().length,
        numEndpoints: endpointCount(services.list(), slices.list()),
      });
    } catch (error) {
      client.klog('E', 'proxier.go:1560', 'Failed to execute iptables-restore', { err: messageOf(error) });
    }
  };
  return { close: () => clearTimeout(timer) };
}

/** Replace the table by rename; false when it was the same already. */
function writeTable(host: Host, text: string): boolean {
  const path = host.path(RULES_PATH);
  try {
    if (readFileSync(path, 'utf8') === text) return false;
  } catch {
    mkdirSync(dirname(path), { recursive: true });
  }
  writeFileSync(`${path}.tmp`, text);
  renameSync(`${path}.tmp`, path);
  return true;
}
