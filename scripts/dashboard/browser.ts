// Debian's chromium, driven by playwright-core.

import { chromium, type Browser } from 'playwright-core';
import { CHROMIUM, ensureHostPackages, whyNoPackages } from '../bed/build/host-packages.ts';
import type { Log } from '../bed/util/progress.ts';

/** Returns why there is no browser on this machine, for a skipped test; undefined when there is one, after `openBrowser`. */
export function whyNoBrowser(): string | undefined {
  return whyNoPackages([CHROMIUM]);
}

/** Starts a browser without a window; installs Debian's package where it is missing. Close it after use. */
export async function openBrowser(log: Log): Promise<Browser> {
  await ensureHostPackages(log, [CHROMIUM]);
  // As root, chromium starts only without its sandbox; it opens our own page alone.
  return chromium.launch({ executablePath: CHROMIUM.proof, args: ['--no-sandbox'] });
}
