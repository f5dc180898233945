/**
 * kubectl's list, in every release and mode that it is to pass in: one cluster a mode, one pass a release.
 */
import { afterAll, beforeAll, describe } from 'vitest';
import type { Settings } from '../../components/component.ts';
import type { WholeCluster } from './whole-cluster.ts';

type ClientAuth = Settings['clientAuth'];

/** True in the long run. */
export const LONG = process.env['MTLS_LAB_LONG'] === '1';
/** The newest release speaks WebSocket and protobuf, the older one SPDY and JSON. */
const NEWEST = '1.33';
const OLDER = '1.29';

type Runs = Readonly<Partial<Record<ClientAuth, readonly string[]>>>;

/** What differs between files. */
export interface KubectlList {
  /** Start a cluster whose servers have this setting. */
  readonly open: (settings: Pick<Settings, 'clientAuth'>) => Promise<WholeCluster>;
  readonly tests: (release: string, clientAuth: ClientAuth) => void;
  /** The mode of the short run; default `require`. */
  readonly short?: ClientAuth;
  /** What leaves the cluster unusable; once a mode, at the end. */
  readonly last?: (release: string) => void;
}

/** Declare the tests. `open` keeps the cluster where the tests find it. */
export function describeKubectl({ open, tests, last, short = 'require' }: KubectlList): void {
  const runs: Runs = LONG ? { require: [OLDER, NEWEST], request: [NEWEST] } : { [short]: [NEWEST] };
  for (const [clientAuth, releases] of Object.entries(runs) as [ClientAuth, readonly string[]][]) {
    const newest = releases.at(-1);
    if (newest === undefined) continue;
    describe(`client certificates: ${clientAuth}`, () => {
      let cluster: WholeCluster | undefined;
      beforeAll(async () => {
        cluster = await open({ clientAuth });
      });
      afterAll(() => cluster?.close());
      for (const release of releases) describe(`kubectl ${release}`, () => tests(release, clientAuth));
      last?.(newest);
    });
  }
}
