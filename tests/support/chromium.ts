import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
/** No sandbox of its own (tests may run as root in a container), and no traffic of its own. */
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A page lives for seconds: code is compiled for speed in vain, a fifth of what a load of a page takes.
  '--js-flags=--no-opt',
];

/** The installed Chromium. `CHROMIUM` names another. @throws Error when there is none */
export async function launchChromium(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? PLACES.find((path) => existsSync(path));
  if (!executablePath)
    throw new Error('No Chromium: install it (Debian: apt-get install chromium) or set CHROMIUM to its path');
  return chromium.launch({ executablePath, args: ARGS });
}
