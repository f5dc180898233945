/** Opens the dashboard in the user's browser, where there is a screen in front of them. */
import { spawn } from 'node:child_process';

/**
 * @param env  the process's environment: CI, SSH, or Linux without a display open nothing
 * @returns    whether a browser was asked to open the page
 */
export function openInBrowser(
  url: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<boolean> {
  if (env['CI'] || env['SSH_CONNECTION'] || env['SSH_TTY']) return Promise.resolve(false);
  const isMac = process.platform === 'darwin';
  if (!isMac && !env['DISPLAY'] && !env['WAYLAND_DISPLAY']) return Promise.resolve(false);
  return new Promise((resolve) => {
    const child = spawn(isMac ? 'open' : 'xdg-open', [url], { stdio: 'ignore', detached: true });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}
