/** What the real kubectl does with pods, deployments and nodes while the whole cluster works. */
import { expect, test } from 'vitest';
import { kubectlFor } from '../../support/kubectl.ts';
import { describeKubectl } from '../../support/kubectl-list.ts';
import { eventually, openWholeCluster, type WholeCluster } from '../../support/whole-cluster.ts';

let cluster: WholeCluster;

describeKubectl({
  async open(settings) {
    cluster = await openWholeCluster({ settings, roundMs: 1_500 });
    return cluster;
  },
  tests(release) {
    test('run, wait, expose and delete a pod', async (context) => {
      const kubectl = kubectlFor(context, cluster.dir, release);
      expect((await kubectl(['run', 'one', '--image=nginx:1.27', '--port=80'])).stdout).toBe(
        'pod/one created\n',
      );
      const ready = await kubectl(['wait', '--for=condition=Ready', 'pod/one', '--timeout=25s']);
      expect(ready.stdout).toBe('pod/one condition met\n');
      expect((await kubectl(['expose', 'pod', 'one'])).stdout).toBe('service/one exposed\n');
      await eventually('the service has endpoints', async () =>
        /Endpoints: +10\.244\.\d+\.\d+:80/.test((await kubectl(['describe', 'svc', 'one'])).stdout),
      );
      expect((await kubectl(['delete', 'pod/one', 'svc/one'])).stdout).toContain('pod "one" deleted');
      expect((await kubectl(['get', 'pod', 'one'])).stderr).toContain('(NotFound)');
    });

    test('a deployment rolls out, scales, changes its image, and goes back', async (context) => {
      const kubectl = kubectlFor(context, cluster.dir, release);
      const rolledOut = async () => {
        const result = await kubectl(['rollout', 'status', 'deployment/web', '--timeout=80s']);
        expect(result.stdout).toContain('deployment "web" successfully rolled out');
      };
      await kubectl(['create', 'deployment', 'web', '--image=nginx:1.27', '--replicas=2']);
      await rolledOut();
      expect((await kubectl(['scale', 'deployment', 'web', '--replicas=3'])).stdout).toBe(
        'deployment.apps/web scaled\n',
      );
      await rolledOut();
      expect((await kubectl(['get', 'deploy', 'web'])).stdout).toMatch(/web +3\/3 +3 +3/);
      await kubectl(['set', 'image', 'deployment/web', 'nginx=nginx:1.28']);
      await rolledOut();
      expect((await kubectl(['rollout', 'history', 'deployment/web'])).stdout).toMatch(
        /1 +<none>\n2 +<none>/,
      );
      expect((await kubectl(['rollout', 'undo', 'deployment/web'])).stdout).toBe(
        'deployment.apps/web rolled back\n',
      );
      await rolledOut();
      const image = await kubectl([
        'get',
        'deploy',
        'web',
        '-o',
        'jsonpath={.spec.template.spec.containers[0].image}',
      ]);
      expect(image.stdout).toBe('nginx:1.27');
      expect((await kubectl(['describe', 'deployment', 'web'])).stdout).toMatch(
        /Replicas: +3 desired \| 3 updated/,
      );
      await kubectl(['delete', 'deployment', 'web']);
      await eventually('its pods are gone', async () => (await kubectl(['get', 'pods,rs'])).stdout === '');
    });

    test('cordon and drain empty a node', async (context) => {
      const kubectl = kubectlFor(context, cluster.dir, release);
      await kubectl(['create', 'deployment', 'drained', '--image=nginx:1.27']);
      await kubectl(['rollout', 'status', 'deployment/drained', '--timeout=30s']);
      expect((await kubectl(['cordon', 'worker-1'])).stdout).toBe('node/worker-1 cordoned\n');
      expect((await kubectl(['get', 'node', 'worker-1'])).stdout).toContain('SchedulingDisabled');
      const drained = await kubectl(['drain', 'worker-1', '--ignore-daemonsets', '--timeout=80s']);
      expect(drained.stdout).toMatch(/pod\/drained-\S+ evicted\nnode\/worker-1 drained\n/);
      const pending = await kubectl(['get', 'pods', '--field-selector=status.phase=Pending', '-o', 'name']);
      expect(pending.stdout).toMatch(/^pod\/drained-/);
      expect((await kubectl(['uncordon', 'worker-1'])).stdout).toBe('node/worker-1 uncordoned\n');
      await kubectl(['rollout', 'status', 'deployment/drained', '--timeout=30s']);
      await kubectl(['delete', 'deployment', 'drained']);
    });
  },
});
