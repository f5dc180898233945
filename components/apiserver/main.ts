/** Run kube-apiserver alone: `npx tsx components/apiserver/main.ts --root mtls-lab/hosts/HOST …flags`. */
import { runComponent } from '../run.ts';

await runComponent('kube-apiserver', process.argv.slice(2));
