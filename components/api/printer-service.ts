/**
 * The columns of services and of the endpoints behind them.
 *
 * @see k8s.io/kubernetes pkg/printers/internalversion/printers.go, printService, formatEndpoints, formatDiscoveryEndpoints
 */
import { AGE, type Column, labelsText, NAME, textColumn } from './columns.ts';
import { at, type KubeObject, listAt, numberAt, textAt, textsAt } from './object.ts';

const NONE = '<none>';
const MOST_ENDPOINTS = 3;

export const SERVICE_COLUMNS: readonly Column[] = [
  NAME,
  textColumn('Type', 'spec.type'),
  textColumn('Cluster-IP', 'spec.clusterIP', NONE),
  { name: 'External-IP', cell: externalAddress },
  { name: 'Port(s)', cell: (service) => servicePorts(service) || NONE },
  AGE,
  { name: 'Selector', wide: true, cell: (service) => labelsText(at(service, 'spec', 'selector')) },
];

export const ENDPOINTS_COLUMNS: readonly Column[] = [
  NAME,
  { name: 'Endpoints', cell: (endpoints) => endpointAddresses(endpoints) },
  AGE,
];

export const ENDPOINT_SLICE_COLUMNS: readonly Column[] = [
  NAME,
  textColumn('AddressType', 'addressType'),
  {
    name: 'Ports',
    cell: (slice) =>
      shortened(
        listAt(slice, 'ports').map((port) => String(numberAt(port, ['port']))),
        '<unset>',
      ),
  },
  {
    name: 'Endpoints',
    cell: (slice) =>
      shortened(
        listAt(slice, 'endpoints').flatMap((one) => [...textsAt(one, 'addresses')]),
        '<unset>',
      ),
  },
  AGE,
];

function externalAddress(service: KubeObject): string {
  const given = textsAt(service, 'spec', 'externalIPs').join(',');
  switch (textAt(service, 'spec', 'type')) {
    case 'ExternalName':
      return textAt(service, 'spec', 'externalName');
    case 'LoadBalancer': {
      const ingress = listAt(service, 'status', 'loadBalancer', 'ingress');
      const addresses = ingress.map((one) => textAt(one, 'ip') || textAt(one, 'hostname'));
      return [...addresses, ...(given === '' ? [] : [given])].join(',') || '<pending>';
    }
    default:
      return given || NONE;
  }
}

function servicePorts(service: KubeObject): string {
  return listAt(service, 'spec', 'ports')
    .map((port) => {
      const nodePort = numberAt(port, ['nodePort']);
      const number = numberAt(port, ['port']);
      const protocol = textAt(port, 'protocol') || 'TCP';
      return nodePort > 0 ? `${number}:${nodePort}/${protocol}` : `${number}/${protocol}`;
    })
    .join(',');
}

function endpointAddresses(endpoints: KubeObject): string {
  const all = listAt(endpoints, 'subsets').flatMap((subset) => {
    const addresses = listAt(subset, 'addresses').map((one) => textAt(one, 'ip'));
    const ports = listAt(subset, 'ports').map((port) => numberAt(port, ['port']));
    if (ports.length === 0) return addresses;
    return ports.flatMap((port) => addresses.map((address) => `${address}:${port}`));
  });
  return shortened(all, NONE);
}

/** The first three, then `+ N more...`. */
function shortened(all: readonly string[], none: string): string {
  if (all.length === 0) return none;
  const text = all.slice(0, MOST_ENDPOINTS).join(',');
  return all.length > MOST_ENDPOINTS ? `${text} + ${all.length - MOST_ENDPOINTS} more...` : text;
}
