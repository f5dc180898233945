/** Run kubelet alone: `npx tsx components/kubelet/main.ts --root mtls-lab/hosts/HOST …flags`. */
import { runComponent } from '../run.ts';

await runComponent('kubelet', process.argv.slice(2));
