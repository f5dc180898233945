/** Step mode when nobody asks for the next message: it goes on by itself, and says so. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStepper, type StepState } from '../../../lab/dashboard/stepper.ts';
import { openTestLab, type TestLab } from '../../support/lab.ts';

let lab: TestLab;

beforeAll(async () => {
  lab = await openTestLab();
  await lab.lab.cluster.settle();
}, 60_000);

afterAll(async () => {
  await lab?.close();
}, 30_000);

test.for(['kube-scheduler->kube-apiserver', 'kube-apiserver->etcd'])(
  '%s goes on by itself after 8 s, and both sides still accept',
  { timeout: 30_000 },
  async (id) => {
    const { cluster } = lab.lab;
    const channel = cluster.topology.find((one) => one.id === id);
    if (!channel) throw new Error(`no ${id}`);
    const states: StepState[] = [];
    const last = await new Promise<StepState>((resolve) => {
      const stepper = openStepper(cluster, (state) => {
        states.push(state);
        if (state.phase === 'over') resolve(state);
      });
      stepper.hold(channel);
    });
    expect(states.some(({ phase, waiting }) => phase === 'held' && waiting.length === 1)).toBe(true);
    expect(last.over).toBe('It went on by itself: nothing was asked for 8 s.');
    expect(last.waiting).toEqual([]);
    const trace = cluster.journal.find(last.trace ?? '');
    expect(trace?.outcome.layer).toBe('ok');
    expect(trace?.messages[1]?.atUs).toBeGreaterThan(7_900_000);
  },
);
