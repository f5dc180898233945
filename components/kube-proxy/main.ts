/** Run kube-proxy alone: `npx tsx components/kube-proxy/main.ts --root mtls-lab/hosts/HOST …flags`. */
import { runComponent } from '../run.ts';

await runComponent('kube-proxy', process.argv.slice(2));
