/** Where everything stands on the map, in units of its view box, and how lines run between. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A box by its corner and size. */
export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

/** A machine with its programs. */
export interface Machine {
  readonly name: string;
  readonly box: Box;
  readonly programs: readonly { readonly id: string; readonly box: Box }[];
}

/** A line with what stands on it. Parts of its length are 0 (client) to 1 (server). */
export interface Line {
  readonly d: string;
  readonly at: (part: number) => Point;
  readonly from: Point;
  readonly to: Point;
  readonly vertical: boolean;
}

/** The whole drawing. */
export interface Layout {
  readonly height: number;
  readonly machines: readonly Machine[];
  /** Stands for all workers that are not drawn; null when all are. */
  readonly folded: { readonly box: Box; readonly workers: readonly string[] } | null;
  /** The line of a connection, by its two programs; undefined for those of folded workers. */
  line(client: string, server: string): Line | undefined;
  readonly foldedLine: Line | undefined;
}

export const WIDTH = 1000;
const TOP = 12;
const APISERVER = { x: 300, width: 246 };
const WORKER = { x: 792, width: 200 };
/** More workers than this are folded; so many are drawn then. */
const MOST_WORKERS = 3;
const SHOWN_WHEN_FOLDED = 2;

/**
 * @param workers      names; those that should be seen come first
 * @param leastHeight  what the page has room for, at this width
 */
export function layoutOf(workers: readonly string[], leastHeight: number): Layout {
  const folds = workers.length > MOST_WORKERS;
  const shown = folds ? workers.slice(0, SHOWN_WHEN_FOLDED) : workers;
  const rows = shown.length + (folds ? 0.6 : 0);
  const height = Math.max(leastHeight, TOP * 2 + rows * 200);
  const middle = height / 2;
  const half = Math.min(124, middle - 160);
  const apiserver: Box = { ...APISERVER, y: middle - half, height: 2 * half };
  const slots = folds ? shown.length + 0.6 : shown.length;
  const slot = (height - 2 * TOP) / Math.max(1, slots);
  const blocks = shown.map((name, at): Machine => {
    const alone = shown.length === 1 && !folds;
    const tall = Math.min(slot - 12, 2 * half + 42);
    const top = alone ? middle - tall / 2 : TOP + at * slot + 2;
    const kubelet = { x: 812, y: top + 34, width: 160, height: tall * 0.42 };
    const proxy = { x: 812, y: top + tall - 62, width: 160, height: 46 };
    return {
      name,
      box: { ...WORKER, y: top, height: tall },
      programs: [
        { id: `kubelet@${name}`, box: kubelet },
        { id: `kube-proxy@${name}`, box: proxy },
      ],
    };
  });
  const machines: Machine[] = [
    {
      name: 'laptop',
      box: { x: 8, y: middle - 70, width: 144, height: 140 },
      programs: [{ id: 'kubectl', box: { x: 22, y: middle - 24, width: 116, height: 48 } }],
    },
    {
      name: 'control plane',
      box: { x: 236, y: TOP, width: 404, height: height - 2 * TOP },
      programs: [
        { id: 'kube-scheduler', box: { x: 250, y: TOP + 36, width: 146, height: 48 } },
        { id: 'kube-controller-manager', box: { x: 410, y: TOP + 36, width: 216, height: 48 } },
        { id: 'kube-apiserver', box: apiserver },
        { id: 'etcd', box: { x: 304, y: height - TOP - 66, width: 150, height: 48 } },
      ],
    },
    ...blocks,
  ];
  const boxes = new Map(
    machines.flatMap(({ programs }) => programs.map(({ id, box }) => [id, box] as const)),
  );
  const foldedBox = folds ? { ...WORKER, y: height - TOP - slot * 0.6 + 8, height: slot * 0.6 - 10 } : null;
  const ports = portsOf(apiserver, shown, foldedBox !== null, boxes);
  return {
    height,
    machines,
    folded: foldedBox && { box: foldedBox, workers: workers.slice(SHOWN_WHEN_FOLDED) },
    line: (client, server) => lineOf(client, server, boxes, ports),
    foldedLine:
      foldedBox === null
        ? undefined
        : curve(
            { x: foldedBox.x, y: foldedBox.y + foldedBox.height / 2 },
            { x: apiserver.x + apiserver.width, y: ports.get('folded') ?? apiserver.y },
          ),
  };
}

/** Heights at the API server's right side: level with the programs of a single worker, else spread evenly. */
function portsOf(
  apiserver: Box,
  workers: readonly string[],
  folded: boolean,
  boxes: ReadonlyMap<string, Box>,
): ReadonlyMap<string, number> {
  const names = workers.flatMap((name) => [`up ${name}`, `down ${name}`, `proxy ${name}`]);
  if (folded) names.push('folded');
  if (workers.length === 1 && !folded) {
    return new Map(names.map((name) => [name, workerPort(name, boxes)]));
  }
  const step = apiserver.height / names.length;
  return new Map(names.map((name, at) => [name, apiserver.y + step * (at + 0.5)]));
}

function workerPort(name: string, boxes: ReadonlyMap<string, Box>): number {
  const [kind, worker = ''] = name.split(' ');
  const box = boxes.get(kind === 'proxy' ? `kube-proxy@${worker}` : `kubelet@${worker}`);
  if (!box) return 0;
  if (kind === 'proxy') return box.y + box.height / 2;
  return box.y + box.height * (kind === 'up' ? 0.2 : 0.8);
}

function lineOf(
  client: string,
  server: string,
  boxes: ReadonlyMap<string, Box>,
  ports: ReadonlyMap<string, number>,
): Line | undefined {
  const from = boxes.get(client);
  const to = boxes.get(server);
  if (!from || !to) return undefined;
  const worker = client.split('@')[1] ?? server.split('@')[1];
  if (worker !== undefined) {
    const kind = client.startsWith('kube-proxy') ? 'proxy' : client.startsWith('kubelet') ? 'up' : 'down';
    const port = `${kind} ${worker}`;
    const here = { x: WORKER.x + 20, y: workerPort(port, boxes) };
    const there = { x: APISERVER.x + APISERVER.width, y: ports.get(port) ?? here.y };
    return kind === 'down' ? curve(there, here) : curve(here, there);
  }
  if (client === 'kubectl') {
    const y = from.y + from.height / 2;
    return curve({ x: from.x + from.width, y }, { x: to.x, y });
  }
  const x = server === 'etcd' ? to.x + 30 : Math.min(from.x + from.width / 2 + 8, to.x + to.width - 91);
  return curve({ x, y: from.y + from.height }, { x, y: to.y });
}

/** Leaves and arrives level (or upright), so that words beside its ends have room. */
function curve(from: Point, to: Point): Line {
  const vertical = from.x === to.x;
  const bend = vertical ? from.x : (from.x + to.x) / 2;
  const one = vertical ? { x: from.x, y: (from.y + to.y) / 2 } : { x: bend, y: from.y };
  const two = vertical ? one : { x: bend, y: to.y };
  return {
    d: `M${from.x},${from.y} C${one.x},${one.y} ${two.x},${two.y} ${to.x},${to.y}`,
    at: (part) => bezier(from, one, two, to, part),
    from,
    to,
    vertical,
  };
}

function bezier(a: Point, b: Point, c: Point, d: Point, t: number): Point {
  const s = 1 - t;
  const mix = (p: number, q: number, r: number, u: number): number =>
    s * s * s * p + 3 * s * s * t * q + 3 * s * t * t * r + t * t * t * u;
  return { x: mix(a.x, b.x, c.x, d.x), y: mix(a.y, b.y, c.y, d.y) };
}
