/** The mode of all servers that have two: edits lab.yaml as a hand would, and restarts them. */
import { LabError } from '../../certs/errors.ts';
import { editLabYaml, readDirectory } from '../directory.ts';
import { json, type Route, textOf } from './route.ts';

const MODES = ['require', 'request'] as const;

export const MODE = {
  /** Body `{ clientAuth: 'require' | 'request' }`. */
  'POST /mode': async ({ lab, body, changed }) => {
    const clientAuth = MODES.find((mode) => mode === textOf(body, 'clientAuth'));
    if (!clientAuth) throw new LabError('USAGE', { what: `there is no such mode: ${MODES.join(' or ')}` });
    const { dir } = lab.directory;
    const named = Object.keys(readDirectory(dir).settings).filter((name) => /^kubelet@/.test(name));
    editLabYaml(
      dir,
      ['kube-apiserver', 'kubelet', ...named].map((name) => ({
        path: ['components', name, 'clientAuth'],
        value: clientAuth,
      })),
    );
    const { cluster } = lab;
    const servers = cluster.instances.filter(({ component }) => /^(kube-apiserver|kubelet)$/.test(component));
    await Promise.all(servers.map(({ id }) => cluster.supervisor(id)?.restart()));
    // Everybody dials now, instead of at the next round.
    await Promise.all(
      cluster.instances.map(({ id }) =>
        cluster
          .supervisor(id)
          ?.dialNow()
          .catch(() => undefined),
      ),
    );
    await changed();
    return json({ clientAuth });
  },
} as const satisfies Record<string, Route>;
