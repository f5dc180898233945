/** The mode of all servers that have two, switched from the page. */
import { LabError } from '../../certs/errors.ts';
import { CLIENT_AUTH_MODES, switchMode } from '../mode.ts';
import { json, type Route, textOf } from './route.ts';

export const MODE = {
  /** Body `{ clientAuth: 'require' | 'request' }`. */
  'POST /mode': async ({ lab, body, changed }) => {
    const clientAuth = CLIENT_AUTH_MODES.find((mode) => mode === textOf(body, 'clientAuth'));
    if (!clientAuth) {
      throw new LabError('USAGE', { what: `there is no such mode: ${CLIENT_AUTH_MODES.join(' or ')}` });
    }
    await switchMode(lab.directory.dir, lab.cluster, clientAuth);
    await changed();
    return json({ clientAuth });
  },
} as const satisfies Record<string, Route>;
