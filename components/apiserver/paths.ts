/**
 * Everything that is no resource: health, version, discovery, OpenAPI, metrics, the list of paths.
 */
import {
  AGGREGATED_TYPES,
  aggregatedDiscovery,
  coreVersions,
  groupList,
  groupNames,
  groupOf,
  resourceList,
  versionsOf,
} from '../api/discovery.ts';
import { methodNotAllowed } from '../api/status.ts';
import type { Call } from './call.ts';
import { serveHealth } from './health.ts';
import { isPretty, sendJson, sendText } from './negotiate.ts';
import type { Pipeline } from './server.ts';

/** What `kubectl version` shows of the server. */
export const VERSION = {
  major: '1',
  minor: '33',
  emulationMajor: '1',
  emulationMinor: '33',
  minCompatibilityMajor: '1',
  minCompatibilityMinor: '32',
  gitVersion: 'v1.33.0',
  gitCommit: 'mtls-lab',
  gitTreeState: 'clean',
  buildDate: '2025-04-23T13:00:00Z',
  goVersion: 'go1.24.2',
  compiler: 'gc',
  platform: 'linux/amd64',
} as const;

type PathCall = Pick<Call, 'request' | 'response' | 'info'>;

/** Answer a path that is no resource; false when there is none such. */
export async function servePath(pipeline: Pipeline, call: PathCall): Promise<boolean> {
  const { request, response, info } = call;
  const path = info.path.replace(/(.)\/$/, '$1');
  if (await serveHealth(pipeline.health, call)) return true;
  if (info.verb !== 'get' && info.verb !== 'head') throw methodNotAllowed();
  const send = (value: unknown): true => {
    sendJson(request, response, 200, value, isPretty(request, info.query));
    return true;
  };
  const parts = path.split('/').slice(1);
  if (path === '/') return send({ paths: allPaths() });
  if (path === '/version') {
    // The real one indents /version for everybody.
    sendJson(request, response, 200, VERSION, true);
    return true;
  }
  if (path === '/api' || path === '/apis') {
    const wanted = AGGREGATED_TYPES.find((type) => (request.headers.accept ?? '').includes(type));
    if (!wanted) return send(path === '/api' ? coreVersions(pipeline.address()) : groupList());
    const apiVersion = `apidiscovery.k8s.io/${/v=(\w+)/.exec(wanted)?.[1]}`;
    sendJson(request, response, 200, aggregatedDiscovery(path === '/api', apiVersion), false, wanted);
    return true;
  }
  const found =
    parts[0] === 'api' && parts.length === 2
      ? resourceList('', parts[1] ?? '')
      : parts[0] === 'apis' && parts.length === 2
        ? groupOf(parts[1] ?? '')
        : parts[0] === 'apis' && parts.length === 3
          ? resourceList(parts[1] ?? '', parts[2] ?? '')
          : undefined;
  if (found !== undefined) return send(found);
  if (path.startsWith('/openapi')) {
    const { serveOpenapi } = await import('./openapi.ts');
    return serveOpenapi(call);
  }
  if (path === '/metrics') {
    sendText(request, response, 200, metricsText(pipeline));
    return true;
  }
  return false;
}

function allPaths(): string[] {
  const groups = groupNames().flatMap((group) => [
    `/apis/${group}`,
    ...versionsOf(group).map((version) => `/apis/${group}/${version}`),
  ]);
  return [
    '/api',
    '/api/v1',
    '/apis',
    ...groups,
    '/healthz',
    '/livez',
    '/metrics',
    '/openapi/v2',
    '/openapi/v3',
    '/readyz',
    '/version',
  ];
}

function metricsText({ api }: Pipeline): string {
  const up = api.store.problem() === null ? 1 : 0;
  return [
    '# HELP apiserver_storage_up Whether the watch of etcd is established.',
    '# TYPE apiserver_storage_up gauge',
    `apiserver_storage_up ${up}`,
    '# HELP etcd_revision Revision up to which the watch cache knows everything.',
    '# TYPE etcd_revision gauge',
    `etcd_revision ${api.store.cache.revision()}`,
    '# HELP process_resident_memory_bytes Resident memory size in bytes.',
    '# TYPE process_resident_memory_bytes gauge',
    `process_resident_memory_bytes ${process.memoryUsage.rss()}`,
    '',
  ].join('\n');
}
