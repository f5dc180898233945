/** `npm run bench`. */
import { bench } from '../lab/bench/bench.ts';

process.exitCode = await bench(process.argv.slice(2), (text) => process.stdout.write(`${text}\n`));
