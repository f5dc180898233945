import { expect, test } from 'vitest';
import type { EndpointSlice, Service } from '../../../components/api/kinds.ts';
import { endpointCount, ruleTable } from '../../../components/kube-proxy/rules.ts';

const SERVICE: Service = {
  metadata: { name: 'web', namespace: 'default' },
  spec: { clusterIP: '10.96.0.7', ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }] },
};

function slice(...endpoints: readonly (readonly [address: string, ready: boolean])[]): EndpointSlice {
  return {
    metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    endpoints: endpoints.map(([address, ready]) => ({ addresses: [address], conditions: { ready } })),
    ports: [{ name: '', port: 8080 }],
  };
}

test('sends a service to its ready endpoints, each with its share', () => {
  const table = ruleTable(
    [SERVICE],
    [slice(['10.244.1.2', true], ['10.244.1.3', true], ['10.244.1.4', false])],
  );
  expect(table).toMatch(/-A KUBE-SERVICES -d 10\.96\.0\.7\/32 .* --dport 80 -j KUBE-SVC-[A-Z2-7]{16}\n/);
  expect(table).toMatch(
    /"default\/web -> 10\.244\.1\.2:8080" -m statistic --mode random --probability 0\.50000000000/,
  );
  expect(table).toContain('-j DNAT --to-destination 10.244.1.3:8080');
  expect(table).toContain('-A KUBE-NODEPORTS -p tcp -m comment --comment "default/web" -m tcp --dport 30080');
  expect(table).not.toContain('10.244.1.4');
});

test('refuses connections to a service without endpoints', () => {
  expect(ruleTable([SERVICE], [])).toContain('"default/web has no endpoints" -m tcp --dport 80 -j REJECT');
});

test('leaves headless services out', () => {
  const headless = { ...SERVICE, spec: { ...SERVICE.spec, clusterIP: 'None' } };
  expect(ruleTable([headless], [slice(['10.244.1.2', true])])).not.toContain('default/web');
  expect(endpointCount([headless], [slice(['10.244.1.2', true])])).toBe(0);
});

test('is the same text for the same objects in another order', () => {
  const other: Service = {
    metadata: { name: 'api', namespace: 'default' },
    spec: { clusterIP: '10.96.0.8', ports: [{ port: 1 }] },
  };
  const slices = [slice(['10.244.1.3', true], ['10.244.1.2', true])];
  expect(ruleTable([SERVICE, other], slices)).toBe(
    ruleTable([other, SERVICE], [slice(['10.244.1.2', true], ['10.244.1.3', true])]),
  );
});
