/** tabhyve in Debian's Firefox. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { findHostTool } from '../../cli/tasks/host-tools.ts';
import type { Backend, Missing } from '../backend.ts';
import type { Loop } from '../programs.ts';
import { startFirefox } from '../webdriver/firefox.ts';
import { BidiPage } from '../webdriver/page.ts';
import { browserBackend } from './browser.ts';

export async function firefox(loops: readonly Loop[], folder: string): Promise<Backend | Missing> {
  const name = 'tabhyve-firefox';
  const program = findHostTool('firefox-esr');
  if (program === undefined) return { name, missing: 'firefox-esr (or set TABHYVE_FIREFOX)' };
  const version = execFileSync(program, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const started = await startFirefox(program, join(folder, 'firefox-profile'));
  return browserBackend(
    {
      name,
      description: version.trim(),
      rawStore: 'raw store in Firefox',
      inPage: async (address, action) => {
        const page = await BidiPage.open(started.connection, address);
        try {
          return await action(page);
        } finally {
          await page.close();
        }
      },
      renderers: () => started.contentProcesses(),
      close: () => started.close(),
    },
    loops,
    join(folder, 'firefox-site'),
  );
}
