/** What the real kubectl writes: create, apply, patch, replace, delete; and what is refused. */
import { expect, test } from 'vitest';
import { kubectlFor } from '../../support/kubectl.ts';
import { describeKubectl } from '../../support/kubectl-list.ts';
import { openWholeCluster, type WholeCluster } from '../../support/whole-cluster.ts';

let cluster: WholeCluster;

/** Typed commands: newer releases send these as protobuf, older ones as JSON. */
const CREATIONS = [
  'namespace made',
  'configmap made --from-literal=a=1 --from-literal=b=',
  'secret generic made --from-literal=password=hunter2',
  'serviceaccount made',
  'deployment made --image=nginx:1.27 --replicas=0 --port=80',
  'service clusterip made --tcp=80:8080',
  'service externalname made-outside --external-name=example.org',
  'job made --image=busybox -- echo hi',
  'cronjob made --image=busybox --schedule=@hourly',
  'ingress made --rule=a.example/*=svc:80,tls=secret',
  'role made --verb=get,list --resource=pods,deployments.apps',
  'rolebinding made --role=made --user=jane --group=dev --serviceaccount=default:made',
  'clusterrole made --verb=get --resource=nodes --resource-name=worker-1',
  'clusterrolebinding made --clusterrole=made --group=dev',
  'quota made --hard=pods=5,cpu=2',
  'poddisruptionbudget made --selector=app=web --min-available=50%',
  'priorityclass made --value=100 --description=high',
] as const;

/** True when everything in `part` stands in `whole` too; what the server adds is not looked at. */
function contains(whole: unknown, part: unknown): boolean {
  if (part === null || part === undefined) return true;
  if (Array.isArray(part))
    return Array.isArray(whole) && part.every((one, index) => contains(whole[index], one));
  if (typeof part !== 'object') return whole === part;
  return (
    typeof whole === 'object' &&
    whole !== null &&
    Object.entries(part).every(
      ([key, value]) => isNothing(value) || contains((whole as Record<string, unknown>)[key], value),
    )
  );
}

/** Go writes empty structs where nothing was said: `{}`, or one that holds only such. */
function isNothing(value: unknown): boolean {
  if (value === null || value === '') return true;
  return (
    typeof value === 'object' && Object.values(value as object).every(isNothing) && !Array.isArray(value)
  );
}

const CONFIG = (data: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: applied\ndata:\n  ${data}\n`;
const DEPLOYMENT = (replicas: number, more: string) => `apiVersion: apps/v1
kind: Deployment
metadata: {name: applied}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: applied}}
  template:
    metadata: {labels: {app: applied}}
    spec:
      containers:
      - name: web
        image: nginx:1.27
        env:
${more}`;

describeKubectl({
  async open(settings) {
    cluster = await openWholeCluster({ settings, roundMs: 1_500 });
    return cluster;
  },
  tests(release) {
    test.for(CREATIONS)('create %s stores what a dry run shows', async (command, context) => {
      const kubectl = kubectlFor(context, cluster.dir, release);
      const [words, program = ''] = command.split(' -- ');
      const rest = program === '' ? [] : ['--', ...program.split(' ')];
      const args = ['create', ...(words ?? '').split(' ')];
      const wanted = await kubectl([...args, '--dry-run=client', '-o', 'json', ...rest]);
      const made = await kubectl([...args, '-o', 'json', ...rest]);
      expect(made).toMatchObject({ code: 0, stderr: '' });
      const object = JSON.parse(made.stdout);
      expect(contains(object, { ...JSON.parse(wanted.stdout), status: null }), made.stdout).toBe(true);
      const { kind, metadata } = object;
      const again = await kubectl([...args, ...rest]);
      expect(again.stderr).toMatch(/already exists/);
      const gone = await kubectl(['delete', kind.toLowerCase(), metadata.name]);
      expect(gone).toMatchObject({ code: 0 });
      expect(gone.stdout).toContain(`"${metadata.name}" deleted`);
    });

    test('apply creates, then changes what differs and removes what is said no more', async (context) => {
      const kubectl = kubectlFor(context, cluster.dir, release);
      expect((await kubectl(['apply', '-f', '-'], CONFIG('a: "1"'))).stdout).toBe(
        'configmap/applied created\n',
      );
      expect((await kubectl(['apply', '-f', '-'], CONFIG('a: "1"'))).stdout).toBe(
        'configmap/applied unchanged\n',
      );
      const difference = await kubectl(['diff', '-f', '-'], CONFIG('b: "2"'));
      expect(difference.code).toBe(1);
      expect(difference.stdout).toMatch(/^-\s+a: "1"$/m);
      expect((await kubectl(['apply', '-f', '-'], CONFIG('b: "2"'))).stdout).toBe(
        'configmap/applied configured\n',
      );
      expect((await kubectl(['get', 'cm', 'applied', '-o', 'jsonpath={.data}'])).stdout).toBe('{"b":"2"}');
      await kubectl(['delete', 'cm', 'applied']);
    });

    test('apply merges lists by their keys', async (context) => {
      const kubectl = kubectlFor(context, cluster.dir, release);
      const env = (name: string, value: string) => `        - {name: ${name}, value: "${value}"}\n`;
      await kubectl(['apply', '-f', '-'], DEPLOYMENT(0, env('A', '1') + env('B', '2')));
      await kubectl(['set', 'env', 'deployment/applied', 'C=3']);
      const changed = await kubectl(['apply', '-f', '-'], DEPLOYMENT(0, env('B', '5')));
      expect(changed.stdout).toBe('deployment.apps/applied configured\n');
      const found = await kubectl([
        'get',
        'deploy',
        'applied',
        '-o',
        'jsonpath={.spec.template.spec.containers[0].env}',
      ]);
      expect(JSON.parse(found.stdout)).toEqual(
        expect.arrayContaining([
          { name: 'B', value: '5' },
          { name: 'C', value: '3' },
        ]),
      );
      expect(found.stdout).not.toContain('"A"');
      await kubectl(['delete', 'deploy', 'applied']);
    });

    test('apply --server-side keeps fields by owner, and says who is in the way', async (context) => {
      const kubectl = kubectlFor(context, cluster.dir, release);
      const apply = (data: string, ...more: string[]) =>
        kubectl(['apply', '--server-side', '-f', '-', ...more], CONFIG(data));
      expect((await apply('a: "1"')).stdout).toBe('configmap/applied serverside-applied\n');
      const conflict = await apply('a: "2"', '--field-manager=other');
      expect(conflict.stderr).toContain('Apply failed with 1 conflict: conflict with "kubectl": .data.a');
      expect((await apply('b: "2"', '--field-manager=other')).code).toBe(0);
      expect((await apply('a: "3"', '--field-manager=other', '--force-conflicts')).code).toBe(0);
      expect((await kubectl(['get', 'cm', 'applied', '-o', 'jsonpath={.data}'])).stdout).toBe('{"a":"3"}');
      await kubectl(['delete', 'cm', 'applied']);
    });

    test('label, annotate, patch and replace change an object; a stale replace is refused', async (context) => {
      const kubectl = kubectlFor(context, cluster.dir, release);
      await kubectl(['create', 'configmap', 'changed', '--from-literal=x=1']);
      const old = (await kubectl(['get', 'cm', 'changed', '-o', 'json'])).stdout;
      expect((await kubectl(['label', 'cm', 'changed', 'tier=a'])).stdout).toBe(
        'configmap/changed labeled\n',
      );
      expect((await kubectl(['annotate', 'cm', 'changed', 'note=b'])).stdout).toBe(
        'configmap/changed annotated\n',
      );
      const patches = [
        ['json', '[{"op":"replace","path":"/data/x","value":"2"}]'],
        ['merge', '{"data":{"y":"3"}}'],
        ['strategic', '{"data":{"x":null}}'],
      ] as const;
      for (const [type, patch] of patches) {
        expect((await kubectl(['patch', 'cm', 'changed', `--type=${type}`, '-p', patch])).stdout).toContain(
          'patched',
        );
      }
      const stale = await kubectl(['replace', '-f', '-'], old);
      expect(stale.stderr).toContain(
        'Error from server (Conflict): error when replacing "STDIN": Operation cannot be fulfilled on configmaps "changed": the object has been modified; please apply your changes to the latest version and try again',
      );
      const found = JSON.parse((await kubectl(['get', 'cm', 'changed', '-o', 'json'])).stdout);
      expect(found).toMatchObject({
        data: { y: '3' },
        metadata: { labels: { tier: 'a' }, annotations: { note: 'b' } },
      });
      expect(found.data).not.toHaveProperty('x');
      await kubectl(['delete', 'cm', 'changed']);
    });

    test('a field that does not exist is refused by name', async (context) => {
      const kubectl = kubectlFor(context, cluster.dir, release);
      const pod =
        'apiVersion: v1\nkind: Pod\nmetadata: {name: bad}\nspec:\n  containers:\n  - {name: a, imagee: b}\n';
      const result = await kubectl(['create', '-f', '-'], pod);
      expect(result.stderr).toContain('strict decoding error: unknown field "spec.containers[0].imagee"');
    });

    test('--dry-run=server stores nothing', async (context) => {
      const kubectl = kubectlFor(context, cluster.dir, release);
      const result = await kubectl(['create', 'configmap', 'dry', '--dry-run=server']);
      expect(result.stdout).toBe('configmap/dry created (server dry run)\n');
      expect((await kubectl(['get', 'cm', 'dry'])).stderr).toContain('not found');
    });

    test('a namespace goes with all that is in it', async (context) => {
      const kubectl = kubectlFor(context, cluster.dir, release);
      await kubectl(['create', 'namespace', 'team']);
      await kubectl(['create', 'configmap', 'inside', '-n', 'team']);
      expect((await kubectl(['delete', 'namespace', 'team', '--timeout=60s'])).stdout).toBe(
        'namespace "team" deleted\n',
      );
      expect((await kubectl(['create', 'configmap', 'late', '-n', 'team'])).stderr).toContain(
        'namespaces "team" not found',
      );
    });
  },
});
