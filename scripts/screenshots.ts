/** `npm run screenshots`: every view, light and dark, in three sizes, into ./screenshots; the README's into the tree. */
import { join, resolve } from 'node:path';
import { takeScreenshots } from '../lab/dashboard/screenshots.ts';

const root = resolve(import.meta.dirname, '..');
const folder = join(root, 'screenshots');
const count = await takeScreenshots(folder, join(root, 'lab', 'dashboard', 'pictures'));
process.stdout.write(`${count} pictures in ${folder}\n`);
