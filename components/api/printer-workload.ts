/**
 * The columns of what runs pods: deployments, replica sets, jobs and their like.
 *
 * @see k8s.io/kubernetes pkg/printers/internalversion/printers.go, printDeployment, printJob …
 */
import {
  AGE,
  type Column,
  labelsText,
  NAME,
  numberColumn,
  SELECTOR,
  selectorText,
  templateColumns,
  textColumn,
} from './columns.ts';
import { ageOf } from './duration.ts';
import { at, type KubeObject, listAt, numberAt, textAt } from './object.ts';

const NONE = '<none>';
const REPLICA_COLUMNS: readonly Column[] = [
  NAME,
  numberColumn('Desired', 'spec.replicas'),
  numberColumn('Current', 'status.replicas'),
  numberColumn('Ready', 'status.readyReplicas'),
  AGE,
  ...templateColumns(),
];

/** Columns by kind. */
export const WORKLOAD_PRINTERS: Readonly<Record<string, readonly Column[]>> = {
  Deployment: [
    NAME,
    {
      name: 'Ready',
      cell: (object) =>
        `${numberAt(object, ['status', 'readyReplicas'])}/${numberAt(object, ['spec', 'replicas'])}`,
    },
    numberColumn('Up-to-date', 'status.updatedReplicas'),
    numberColumn('Available', 'status.availableReplicas'),
    AGE,
    ...templateColumns(),
    SELECTOR,
  ],
  ReplicaSet: [...REPLICA_COLUMNS, SELECTOR],
  ReplicationController: [
    ...REPLICA_COLUMNS,
    { name: 'Selector', wide: true, cell: (object) => labelsText(at(object, 'spec', 'selector')) },
  ],
  StatefulSet: [
    NAME,
    {
      name: 'Ready',
      cell: (object) =>
        `${numberAt(object, ['status', 'readyReplicas'])}/${numberAt(object, ['spec', 'replicas'])}`,
    },
    AGE,
    ...templateColumns(),
  ],
  DaemonSet: [
    NAME,
    numberColumn('Desired', 'status.desiredNumberScheduled'),
    numberColumn('Current', 'status.currentNumberScheduled'),
    numberColumn('Ready', 'status.numberReady'),
    numberColumn('Up-to-date', 'status.updatedNumberScheduled'),
    numberColumn('Available', 'status.numberAvailable'),
    {
      name: 'Node Selector',
      cell: (object) => labelsText(at(object, 'spec', 'template', 'spec', 'nodeSelector')),
    },
    AGE,
    ...templateColumns(),
    SELECTOR,
  ],
  Job: [
    NAME,
    { name: 'Status', cell: jobStatus },
    {
      name: 'Completions',
      cell: (object) =>
        `${numberAt(object, ['status', 'succeeded'])}/${numberAt(object, ['spec', 'completions'], 1)}`,
    },
    { name: 'Duration', cell: jobDuration },
    AGE,
    ...templateColumns(),
    SELECTOR,
  ],
  CronJob: [
    NAME,
    textColumn('Schedule', 'spec.schedule'),
    textColumn('Timezone', 'spec.timeZone', NONE),
    { name: 'Suspend', cell: (object) => (at(object, 'spec', 'suspend') === true ? 'True' : 'False') },
    { name: 'Active', type: 'integer', cell: (object) => listAt(object, 'status', 'active').length },
    {
      name: 'Last Schedule',
      cell: (object, now) => {
        const last = textAt(object, 'status', 'lastScheduleTime');
        return last === '' ? NONE : ageOf(last, now);
      },
    },
    AGE,
    ...templateColumns(['spec', 'jobTemplate', 'spec', 'template', 'spec']),
    {
      name: 'Selector',
      wide: true,
      cell: (object) => selectorText(at(object, 'spec', 'jobTemplate', 'spec', 'selector')),
    },
  ],
};

function hasCondition(object: KubeObject, type: string): boolean {
  return listAt(object, 'status', 'conditions').some(
    (one) => textAt(one, 'type') === type && textAt(one, 'status') === 'True',
  );
}

function jobStatus(job: KubeObject): string {
  if (hasCondition(job, 'Complete')) return 'Complete';
  if (hasCondition(job, 'Failed')) return 'Failed';
  if (job.metadata.deletionTimestamp !== undefined) return 'Terminating';
  return hasCondition(job, 'Suspended') ? 'Suspended' : 'Running';
}

function jobDuration(job: KubeObject, now: Date): string {
  const start = textAt(job, 'status', 'startTime');
  if (start === '') return '';
  const end = textAt(job, 'status', 'completionTime');
  return ageOf(start, end === '' ? now : new Date(Date.parse(end)));
}
