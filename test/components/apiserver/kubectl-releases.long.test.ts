/** Every kubectl on this computer, 1.27 to 1.33 in CI: what people do all day works with each. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kubectlFor } from '../../support/kubectl.ts';
import { findKubectls } from '../../support/tools.ts';
import { eventually, openWholeCluster, type WholeCluster } from '../../support/whole-cluster.ts';

const WANTED = ['1.27', '1.28', '1.29', '1.30', '1.31', '1.32', '1.33'] as const;

const POD = `apiVersion: v1
kind: Pod
metadata: {name: smoke, labels: {app: smoke}}
spec:
  containers:
  - {name: web, image: nginx:1.27}
`;

/** In this order; what is typed, what is given on standard input, and what must stand on standard output. */
const COMMANDS: readonly (readonly [string, RegExp, string?])[] = [
  ['version', /Server Version: (?:v1\.33\.0|version\.Info\{.*GitVersion:"v1\.33\.0")/],
  ['get nodes', /control-plane +Ready +control-plane \S* *\S+ +v1\.33\.0\nworker-1 +Ready/],
  ['apply -f -', /^pod\/smoke created\n$/, POD],
  ['apply -f -', /^pod\/smoke unchanged\n$/, POD],
  ['wait --for=condition=Ready pod/smoke --timeout=40s', /^pod\/smoke condition met\n$/],
  ['get pods -o wide', /smoke +1\/1 +Running +0 +\S+ +10\.244\.\d+\.\d+ +worker-1/],
  ['logs smoke', /\S+\n/],
  ['exec smoke -- echo hello', /^hello\n$/],
  ['exec -i smoke -- cat', /^through\n$/, 'through\n'],
  ['label pod smoke tier=a', /^pod\/smoke labeled\n$/],
  ['describe pod smoke', /Labels: +app=smoke\n +tier=a\n/],
  ['explain pod.spec.containers.image', /KIND: +Pod\n[\s\S]*FIELD: +image <string>/],
  ['explain deployment.spec.replicas', /KIND: +Deployment\n[\s\S]*FIELD: +replicas <integer>/],
  ['auth whoami', /Username +kubernetes-admin\n/],
  ['auth can-i delete pods', /^yes\n$/],
  ['top nodes', /worker-1 +\d+m/],
  ['get --raw /readyz', /^ok$/],
  ['delete pod smoke', /pod "smoke" deleted/],
];

let cluster: WholeCluster;

beforeAll(async () => {
  cluster = await openWholeCluster({ roundMs: 1_500 });
  await eventually('the nodes are there', async () => {
    const nodes = (await cluster.admin.request('GET', '/api/v1/nodes')) as { items: readonly unknown[] };
    return nodes.items.length === 2;
  });
});

afterAll(() => cluster?.close());

describe.for([...new Set([...WANTED, ...findKubectls().map(({ release }) => release)])].sort())(
  'kubectl %s',
  (release) => {
    test('does what people do all day', async (context) => {
      const kubectl = kubectlFor(context, cluster.dir, release);
      for (const [command, wanted, input] of COMMANDS) {
        const { code, stdout, stderr } = await kubectl(command.split(' '), input);
        expect(stdout, `${command}: ${stderr}`).toMatch(wanted);
        expect(code, command).toBe(0);
      }
    });
  },
);
