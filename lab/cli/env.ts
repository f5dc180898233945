/** `env`: the lines that point the user's own kubectl at the lab, and keep its cache out of other clusters' way. */
import { join } from 'node:path';
import { readDirectory } from '../directory.ts';
import type { Invocation } from './command.ts';

export async function run({ dir, json, terminal }: Invocation): Promise<number> {
  readDirectory(dir);
  const values = {
    KUBECONFIG: join(dir, 'hosts', 'laptop', '.kube', 'config'),
    KUBECACHEDIR: join(dir, 'hosts', 'laptop', '.kube', 'cache'),
  };
  if (json) terminal.print(JSON.stringify(values));
  else
    for (const [name, value] of Object.entries(values))
      terminal.print(`export ${name}=${shellQuoted(value)}`);
  return 0;
}

function shellQuoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
