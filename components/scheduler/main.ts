/** Run kube-scheduler alone: `npx tsx components/scheduler/main.ts --root mtls-lab/hosts/HOST …flags`. */
import { runComponent } from '../run.ts';

await runComponent('kube-scheduler', process.argv.slice(2));
