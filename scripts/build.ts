/** Makes dist/, which the packed program runs. The page comes ready-made: only a checkout builds it when asked. */
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildPage } from '../lab/dashboard/page-build.ts';
import { bundle } from './bundle.js';

const root = resolve(import.meta.dirname, '..');
const out = join(root, 'dist');

rmSync(out, { recursive: true, force: true });
const page = await buildPage(join(root, 'lab', 'dashboard', 'web'));
await bundle(root, out, { define: { MTLS_LAB_PAGE: JSON.stringify(page) }, sourcemap: false });
