/**
 * The rule table: services and their endpoints as the lines that `iptables-save -t nat` would print. Pure.
 *
 * @see pkg/proxy/iptables/proxier.go, syncProxyRules and portProtoHash
 */
import { createHash } from 'node:crypto';
import type { EndpointSlice, Service } from '../api/kinds.ts';

const SERVICE_LABEL = 'kubernetes.io/service-name';
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

interface Port {
  readonly service: Service;
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  readonly endpoints: readonly string[];
}

/**
 * Write the table.
 * @returns the whole text, ending in COMMIT
 */
export function ruleTable(services: readonly Service[], slices: readonly EndpointSlice[]): string {
  const ports = services.filter(hasAddress).flatMap((service) => portsOf(service, slices));
  ports.sort((a, b) => label(a).localeCompare(label(b)));
  const chains = ports.flatMap((port) => [
    `:${chain('SVC', port)} - [0:0]`,
    ...port.endpoints.map((endpoint) => `:${chain('SEP', port, endpoint)} - [0:0]`),
  ]);
  return [
    '*nat',
    ':KUBE-SERVICES - [0:0]',
    ':KUBE-NODEPORTS - [0:0]',
    ':KUBE-MARK-MASQ - [0:0]',
    ...chains,
    ...ports.map(entry),
    ...ports.flatMap(nodePort),
    ...ports.flatMap(balance),
    'COMMIT',
    '',
  ].join('\n');
}

/** How many endpoints the table sends to. */
export function endpointCount(services: readonly Service[], slices: readonly EndpointSlice[]): number {
  return services
    .filter(hasAddress)
    .flatMap((service) => portsOf(service, slices))
    .reduce((sum, port) => sum + port.endpoints.length, 0);
}

function hasAddress({ spec }: Service): boolean {
  return spec.clusterIP !== undefined && spec.clusterIP !== '' && spec.clusterIP !== 'None';
}

function portsOf(service: Service, slices: readonly EndpointSlice[]): Port[] {
  const mine = slices.filter(
    (slice) =>
      slice.metadata.namespace === service.metadata.namespace &&
      slice.metadata.labels?.[SERVICE_LABEL] === service.metadata.name,
  );
  return (service.spec.ports ?? []).map(({ name = '', port, protocol = 'TCP' }) => {
    const endpoints = mine.flatMap((slice) => {
      const target = slice.ports?.find((one) => (one.name ?? '') === name)?.port;
      if (target === undefined) return [];
      return (slice.endpoints ?? [])
        .filter((endpoint) => endpoint.conditions?.ready !== false)
        .flatMap((endpoint) => endpoint.addresses.map((address) => `${address}:${target}`));
    });
    return { service, name, port, protocol, endpoints: [...new Set(endpoints)].sort() };
  });
}

/** The way in: the service's address, or a refusal when nobody stands behind it. */
function entry(port: Port): string {
  const { service, protocol } = port;
  const to = `-A KUBE-SERVICES -d ${service.spec.clusterIP}/32 -p ${protocol.toLowerCase()}`;
  const match = `-m ${protocol.toLowerCase()} --dport ${port.port}`;
  if (port.endpoints.length === 0) {
    return `${to} -m comment --comment "${label(port)} has no endpoints" ${match} -j REJECT --reject-with icmp-port-unreachable`;
  }
  return `${to} -m comment --comment "${label(port)} cluster IP" ${match} -j ${chain('SVC', port)}`;
}

function nodePort(port: Port): string[] {
  const number = port.service.spec.ports?.find((one) => (one.name ?? '') === port.name)?.nodePort;
  if (number === undefined || port.endpoints.length === 0) return [];
  const protocol = port.protocol.toLowerCase();
  return [
    `-A KUBE-NODEPORTS -p ${protocol} -m comment --comment "${label(port)}" -m ${protocol} --dport ${number} -j ${chain('SVC', port)}`,
  ];
}

/** Each endpoint gets its share: the last takes what is left. */
function balance(port: Port): string[] {
  const count = port.endpoints.length;
  return port.endpoints.flatMap((endpoint, index) => {
    const share =
      index === count - 1
        ? ''
        : ` -m statistic --mode random --probability ${(1 / (count - index)).toFixed(11)}`;
    const separate = chain('SEP', port, endpoint);
    const protocol = port.protocol.toLowerCase();
    return [
      `-A ${chain('SVC', port)} -m comment --comment "${label(port)} -> ${endpoint}"${share} -j ${separate}`,
      `-A ${separate} -p ${protocol} -m comment --comment "${label(port)}" -m ${protocol} -j DNAT --to-destination ${endpoint}`,
    ];
  });
}

function label({ service, name }: Port): string {
  const { namespace, name: serviceName } = service.metadata;
  return `${namespace}/${serviceName}${name === '' ? '' : `:${name}`}`;
}

/** KUBE-SVC- or KUBE-SEP- and 16 letters of a hash. */
function chain(kind: 'SVC' | 'SEP', port: Port, endpoint = ''): string {
  const digest = createHash('sha256')
    .update(`${label(port)}${port.protocol.toLowerCase()}${endpoint}`)
    .digest();
  let bits = '';
  for (const byte of digest.subarray(0, 10)) bits += byte.toString(2).padStart(8, '0');
  const letters = bits.match(/.{5}/g) ?? [];
  return `KUBE-${kind}-${letters.map((five) => BASE32[Number.parseInt(five, 2)]).join('')}`;
}
