/** Run kube-controller-manager alone: `npx tsx components/controller-manager/main.ts --root mtls-lab/hosts/HOST …flags`. */
import { runComponent } from '../run.ts';

await runComponent('kube-controller-manager', process.argv.slice(2));
