/** The page's script and style: built in this process once from a checkout, part of the bundle in the packed program. */
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** What the browser loads. */
export interface Page {
  readonly script: string;
  readonly style: string;
}

/** Put in by scripts/build.ts; not there in a checkout. */
declare const MTLS_LAB_PAGE: Page | undefined;
/** Where the page's sources lie: put in by scripts/checkout.js. */
declare const MTLS_LAB_WEB: string | undefined;

let built: Promise<Page> | undefined;

/** The page, built at the first call. */
export function loadPage(): Promise<Page> {
  built ??= typeof MTLS_LAB_PAGE === 'undefined' ? buildPage(sources()) : Promise.resolve(MTLS_LAB_PAGE);
  return built;
}

/** A bundle has lost its place in the tree; tests run the file itself. */
function sources(): string {
  return typeof MTLS_LAB_WEB === 'undefined' ? join(import.meta.dirname, 'web') : MTLS_LAB_WEB;
}

/** Bundle the sources in a folder. */
export async function buildPage(folder: string): Promise<Page> {
  // Asked for from the sources' place: a program that runs as one bundle cannot import what is not in it.
  const { build } = createRequire(join(folder, 'main.tsx'))('esbuild') as typeof import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [join(folder, 'main.tsx'), join(folder, 'page.css')],
    outdir: folder,
    write: false,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    logLevel: 'silent',
  });
  const text = (ending: string): string => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? '';
  return { script: text('main.js'), style: text('page.css') };
}
