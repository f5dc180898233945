/** Run etcd alone: `npx tsx components/etcd/main.ts --root mtls-lab/hosts/HOST …flags`. */
import { runComponent } from '../run.ts';

await runComponent('etcd', process.argv.slice(2));
