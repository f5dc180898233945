/**
 * The description of pods and pod templates.
 */
import type {
  Container,
  ContainerState,
  ContainerStatus,
  KubeObject,
  Pod,
  PodTemplate,
} from '../api/kinds.ts';
import { longTime, pairLines, selectorText } from './describe-text.ts';

/** @see k8s.io/kubectl pkg/describe/describe.go, describePod */
export function podLines(object: KubeObject): string[] {
  const pod = object as Pod;
  const { metadata, spec, status } = pod;
  const owner = metadata.ownerReferences?.find((one) => one.controller);
  const node = spec.nodeName ? `${spec.nodeName}/${status?.hostIP ?? ''}` : '<none>';
  const phase =
    metadata.deletionTimestamp === undefined
      ? (status?.phase ?? '')
      : `Terminating (since ${longTime(metadata.deletionTimestamp)})`;
  const tolerations = (spec.tolerations ?? []).map(
    ({ key = '', value, effect, operator, tolerationSeconds }) => {
      const exists = operator === 'Exists' ? ' op=Exists' : '';
      const seconds = tolerationSeconds === undefined ? '' : ` for ${tolerationSeconds}s`;
      return `${key}${value ? `=${value}` : ''}${effect ? `:${effect}` : ''}${exists}${seconds}`;
    },
  );
  return [
    `Name:\t${metadata.name}`,
    `Namespace:\t${metadata.namespace ?? ''}`,
    'Priority:\t0',
    'Service Account:\tdefault',
    `Node:\t${node}`,
    ...(status?.startTime === undefined ? [] : [`Start Time:\t${longTime(status.startTime)}`]),
    ...pairLines('Labels', metadata.labels, '='),
    ...pairLines('Annotations', metadata.annotations, ': '),
    `Status:\t${phase}`,
    ...(status?.reason === undefined ? [] : [`Reason:\t${status.reason}`]),
    ...(status?.message === undefined ? [] : [`Message:\t${status.message}`]),
    `IP:\t${status?.podIP ?? ''}`,
    ...(status?.podIP === undefined ? ['IPs:\t<none>'] : ['IPs:', `  IP:\t${status.podIP}`]),
    ...(owner ? [`Controlled By:\t${owner.kind}/${owner.name}`] : []),
    'Containers:',
    ...spec.containers.flatMap((container) =>
      containerLines(
        container,
        status?.containerStatuses?.find((one) => one.name === container.name),
      ),
    ),
    ...(status?.conditions?.length
      ? ['Conditions:', '  Type\tStatus', ...status.conditions.map((one) => `  ${one.type} \t${one.status} `)]
      : []),
    ...volumeLines(spec),
    'QoS Class:\tBestEffort',
    `Node-Selectors:\t${selectorText(spec.nodeSelector)}`,
    ...(tolerations.length === 0
      ? ['Tolerations:\t<none>']
      : tolerations.map((one, at) => `${at === 0 ? 'Tolerations:' : ''}\t${one}`)),
  ];
}

/** The pod template of a deployment or replica set. */
export function templateLines({ metadata, spec }: PodTemplate): string[] {
  return [
    ...pairLines('  Labels', metadata?.labels, '=').map((line) =>
      line.startsWith('\t') ? `  ${line}` : line,
    ),
    '  Containers:',
    ...spec.containers.flatMap((container) => {
      const [name, ...rest] = containerLines(container, undefined);
      return [` ${name}`, ...rest];
    }),
    '  Volumes:\t<none>',
    `  Node-Selectors:\t${selectorText(spec.nodeSelector)}`,
    '  Tolerations:\t<none>',
  ];
}

function containerLines(container: Container, status: ContainerStatus | undefined): string[] {
  const ports = (container.ports ?? []).map((one) => `${one.containerPort}/${one.protocol ?? 'TCP'}`);
  const words = (title: string, list: readonly string[] | undefined): string[] =>
    list?.length ? [`    ${title}:`, ...list.map((word) => `      ${word}`)] : [];
  const env = (container.env ?? []).map(({ name, value }) => `      ${name}:\t${value ?? ''}`);
  const portTitle = ports.length > 1 ? 'Ports' : 'Port';
  return [
    `  ${container.name}:`,
    ...(status ? [`    Container ID:\t${status.containerID ?? ''}`] : []),
    `    Image:\t${container.image}`,
    ...(status ? [`    Image ID:\t${status.imageID}`] : []),
    `    ${portTitle}:\t${ports.length === 0 ? '<none>' : ports.join(', ')}`,
    `    Host ${portTitle}:\t${ports.length === 0 ? '<none>' : ports.map((one) => one.replace(/^\d+/, '0')).join(', ')}`,
    ...words('Command', container.command),
    ...words('Args', container.args),
    ...(status ? stateLines('State', status.state) : []),
    ...(status?.lastState && Object.keys(status.lastState).length > 0
      ? stateLines('Last State', status.lastState)
      : []),
    ...(status
      ? [`    Ready:\t${status.ready ? 'True' : 'False'}`, `    Restart Count:\t${status.restartCount}`]
      : []),
    ...(env.length === 0 ? ['    Environment:\t<none>'] : ['    Environment:', ...env]),
    ...mountLines(container),
  ];
}

function mountLines({ volumeMounts = [] }: Container): string[] {
  if (volumeMounts.length === 0) return ['    Mounts:\t<none>'];
  const rows = volumeMounts.map(
    ({ mountPath, name, readOnly }) => `      ${mountPath} from ${name} (${readOnly ? 'ro' : 'rw'})`,
  );
  return ['    Mounts:', ...rows];
}

/** The token that every pod has, in full; other volumes by the name of their kind. */
function volumeLines({ volumes = [] }: Pod['spec']): string[] {
  if (volumes.length === 0) return ['Volumes:\t<none>'];
  const lines = volumes.flatMap(({ name, ...source }) => {
    if ('projected' in source) {
      return [
        `  ${name}:`,
        '    Type:\tProjected (a volume that contains injected data from multiple sources)',
        '    TokenExpirationSeconds:\t3607',
        '    ConfigMapName:\tkube-root-ca.crt',
        '    Optional:\tfalse',
        '    DownwardAPI:\ttrue',
      ];
    }
    return [`  ${name}:`, `    Type:\t${Object.keys(source)[0] ?? ''}`];
  });
  return ['Volumes:', ...lines];
}

function stateLines(title: string, { running, waiting, terminated }: ContainerState): string[] {
  if (running) return [`    ${title}:\tRunning`, `      Started:\t${longTime(running.startedAt)}`];
  if (waiting) {
    return [
      `    ${title}:\tWaiting`,
      `      Reason:\t${waiting.reason}`,
      ...(waiting.message === undefined ? [] : [`      Message:\t${waiting.message}`]),
    ];
  }
  if (!terminated) return [`    ${title}:\tWaiting`];
  return [
    `    ${title}:\tTerminated`,
    `      Reason:\t${terminated.reason}`,
    `      Exit Code:\t${terminated.exitCode}`,
    `      Started:\t${longTime(terminated.startedAt)}`,
    `      Finished:\t${longTime(terminated.finishedAt)}`,
  ];
}
