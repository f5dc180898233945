/** What the real kubectl reads: lists in every form, watches, descriptions, discovery, explanations. */
import { expect, test } from 'vitest';
import { kubectlFor } from '../../support/kubectl.ts';
import { describeKubectl } from '../../support/kubectl-list.ts';
import { eventually, openWholeCluster, type WholeCluster } from '../../support/whole-cluster.ts';

let cluster: WholeCluster;

/** What is typed, and what must stand on standard output. */
const COMMANDS = [
  ['version', [/Server Version: v1\.33\.0/]],
  ['cluster-info', [/Kubernetes control plane is running at https:\/\/127\.0\.0\.1:\d+/]],
  [
    'get nodes',
    [
      /^NAME +STATUS +ROLES +AGE +VERSION/,
      /control-plane +Ready +control-plane +\S+ +v1\.33\.0/,
      /worker-1 +Ready/,
    ],
  ],
  ['get nodes -o wide', [/INTERNAL-IP +EXTERNAL-IP +OS-IMAGE +KERNEL-VERSION +CONTAINER-RUNTIME/]],
  ['get nodes -o name', [/^node\/control-plane\nnode\/worker-1\n$/]],
  [
    'get pods -A',
    [
      /NAMESPACE +NAME +READY +STATUS +RESTARTS +AGE/,
      /default +one +1\/1 +Running +0/,
      /kube-system +etcd-control-plane +1\/1 +Running/,
    ],
  ],
  [
    'get pods -o wide',
    [/IP +NODE +NOMINATED NODE +READINESS GATES/, /10\.244\.\d+\.\d+ +worker-1 +<none> +<none>/],
  ],
  ['get pod one -o yaml', [/^apiVersion: v1\nkind: Pod\n/, /\n {2}phase: Running\n/]],
  ['get pod one -o json', [/"kind": "Pod"/]],
  ['get pod one -o jsonpath={.status.phase}', [/^Running$/]],
  [
    'get pods -o custom-columns=N:.metadata.name,P:.status.phase --sort-by=.metadata.name',
    [/^N +P\none +Running\n$/],
  ],
  ['get pods -l app=one --show-labels', [/LABELS\none .* app=one\n$/]],
  ['get pods -l app!=one', [/^$/]],
  ['get pods --field-selector=spec.nodeName=worker-1 -A', [/default +one/]],
  [
    'get svc',
    [
      /NAME +TYPE +CLUSTER-IP +EXTERNAL-IP +PORT\(S\) +AGE/,
      /kubernetes +ClusterIP +10\.96\.0\.1 +<none> +443\/TCP/,
    ],
  ],
  ['get ns', [/default +Active/, /kube-node-lease +Active/, /kube-public +Active/, /kube-system +Active/]],
  ['get leases -n kube-node-lease', [/NAME +HOLDER +AGE\n/, /worker-1 +worker-1/]],
  [
    'get clusterrolebindings kubeadm:cluster-admins -o wide',
    [/ClusterRole\/cluster-admin .* kubeadm:cluster-admins/],
  ],
  ['get componentstatuses', [/etcd-0 +Healthy +ok/]],
  ['get events', [/LAST SEEN +TYPE +REASON +OBJECT +MESSAGE/, /Normal +Scheduled +pod\/one/]],
  ['events', [/LAST SEEN +TYPE +REASON +OBJECT +MESSAGE/]],
  [
    'describe pod one',
    [
      /^Name: +one\n/,
      /Node: +worker-1\//,
      /Successfully assigned default\/one to worker-1/,
      /QoS Class: +BestEffort/,
    ],
  ],
  [
    'describe node worker-1',
    [
      /^Name: +worker-1\n/,
      /HolderIdentity: +worker-1/,
      /Non-terminated Pods: +\(1 in total\)/,
      /Ready +True/,
    ],
  ],
  [
    'describe svc kubernetes',
    [/IP: +10\.96\.0\.1\n/, /Port: +https +443\/TCP/, /Endpoints: +127\.0\.0\.1:\d+/],
  ],
  [
    'api-resources',
    [
      /pods +po +v1 +true +Pod/,
      /deployments +deploy +apps\/v1 +true +Deployment/,
      /certificatesigningrequests +csr +certificates\.k8s\.io\/v1/,
    ],
  ],
  ['api-versions', [/^apps\/v1\n/, /\nv1\n$/]],
  ['explain pod.spec.containers', [/KIND: +Pod/, /image\t<string>/, /name\t<string> -required-/]],
  ['explain deployment --recursive', [/GROUP: +apps/, /replicas\t<integer>/]],
  ['top nodes', [/NAME +CPU\(cores\) +CPU\S* +MEMORY\(bytes\) +MEMORY/, /worker-1 +\d+m +\d+% +\d+Mi +\d+%/]],
  ['top pods', [/one +\d+m +\d+Mi/]],
  ['get --raw /version', [/"gitVersion": "v1\.33\.0"/]],
  ['get --raw /readyz?verbose', [/^\[\+\]ping ok\n/, /\[\+\]etcd ok\n/, /readyz check passed\n$/]],
  ['get --raw /livez', [/^ok$/]],
  ['get --raw /api/v1/nodes/worker-1/proxy/healthz', [/^ok$/]],
  ['config view', [/certificate-authority: \S*pki\/ca\.crt/]],
] as const satisfies readonly (readonly [string, readonly RegExp[]])[];

/** What fails, and what must stand on standard error. */
const REFUSALS = [
  ['get pod nope', /^Error from server \(NotFound\): pods "nope" not found\n$/],
  ['get nonsense', /the server doesn't have a resource type "nonsense"/],
  ['get pods --field-selector=spec.color=red', /field label not supported: spec\.color/],
  [
    'get --raw /nonsense',
    /^Error from server \(NotFound\): the server could not find the requested resource\n$/,
  ],
] as const;

describeKubectl({
  async open(settings) {
    cluster = await openWholeCluster({ settings, roundMs: 1_500 });
    await cluster.admin.request('POST', '/api/v1/namespaces/default/pods', {
      metadata: { name: 'one', labels: { app: 'one' } },
      spec: { containers: [{ name: 'web', image: 'nginx:1.27', ports: [{ containerPort: 80 }] }] },
    });
    await eventually('the pod runs', async () => {
      const pod = (await cluster.admin.request('GET', '/api/v1/namespaces/default/pods/one')) as {
        status?: { phase?: string };
      };
      return pod.status?.phase === 'Running';
    });
    return cluster;
  },
  tests(release) {
    test.for(COMMANDS)('%s', async ([command, wanted], context) => {
      const result = await kubectlFor(context, cluster.dir, release)(command.split(' '));
      expect(result).toMatchObject({ code: 0 });
      for (const pattern of wanted) expect(result.stdout).toMatch(pattern);
    });

    test.for(REFUSALS)('%s is refused in the real words', async ([command, wanted], context) => {
      const result = await kubectlFor(context, cluster.dir, release)(command.split(' '));
      expect(result.code).toBe(1);
      expect(result.stderr).toMatch(wanted);
    });

    test('get -w shows an object that comes and goes', async (context) => {
      const kubectl = kubectlFor(context, cluster.dir, release);
      const name = `watched-${release.replace('.', '-')}`;
      const watch = kubectl.start(['get', 'configmaps', '-w', '--output-watch-events']);
      await eventually('the list is there', () => watch.output().includes('kube-root-ca.crt'));
      await cluster.admin.request('POST', '/api/v1/namespaces/default/configmaps', { metadata: { name } });
      await eventually('it is seen', () => new RegExp(`ADDED +${name} +0 +`).test(watch.output()));
      await cluster.admin.request('DELETE', `/api/v1/namespaces/default/configmaps/${name}`);
      await eventually('it is seen to go', () => new RegExp(`DELETED +${name} +0 +`).test(watch.output()));
      await watch.stop();
    });
  },
});
