/** Finds a Chromium for the end-to-end tests, or installs one. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { chromium } from '@playwright/test';
import { Failure } from './failure';
import { exitStatus, outputOf, start } from './processes';
import { which } from './tools';

const SYSTEM_BROWSERS = [
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/**
 * Full path of a Chromium or Chrome that starts: CHROMIUM_PATH, then what Playwright has installed, then what the
 * system has, then a new installation. Throws a sentence that says what to install by hand.
 */
export async function findBrowser(): Promise<string> {
  const named = process.env.CHROMIUM_PATH;
  if (named) {
    if (await starts(named)) {
      return named;
    }
    throw new Failure(
      `CHROMIUM_PATH is ${named}, but that browser doesn't start. Correct it, or unset it to use another browser.`
    );
  }
  const found = await installed();
  if (found) {
    return found;
  }
  console.log('There is no Chromium on this machine. Installing one…');
  for (const install of [installFromDebian, installFromPlaywright]) {
    const browser = (await install()) ? await installed() : undefined;
    if (browser) {
      return browser;
    }
  }
  throw new Failure(
    'The end-to-end tests need Chromium or Chrome, and the installation failed. Install one and set CHROMIUM_PATH to ' +
      'its executable, or run `npx playwright install --with-deps chromium`.'
  );
}

async function installed(): Promise<string | undefined> {
  for (const candidate of [chromium.executablePath(), ...SYSTEM_BROWSERS.map((name) => which(name))]) {
    if (candidate && existsSync(candidate) && (await starts(candidate))) {
      return candidate;
    }
  }
  return undefined;
}

async function starts(browser: string): Promise<boolean> {
  return /\d+\.\d+/.test((await outputOf(browser, ['--version'])) ?? '');
}

/** Debian's own package brings the libraries along. Ubuntu's package of that name is a snap and of no use here. */
async function installFromDebian(): Promise<boolean> {
  const isDebian = existsSync('/etc/os-release') && /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'));
  if (!isDebian || process.getuid?.() !== 0) {
    return false;
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const aptGet = (...args: string[]) => exitStatus(start('apt-get', ['--quiet', ...args], { env }));
  return (await aptGet('update')) === 0 && (await aptGet('install', '--yes', 'chromium')) === 0;
}

/** Playwright's own Chromium; as root with the system libraries that it needs. */
async function installFromPlaywright(): Promise<boolean> {
  const cli = path.join('node_modules', '@playwright', 'test', 'cli.js');
  const libraries = process.platform === 'linux' && process.getuid?.() === 0 ? ['--with-deps'] : [];
  return (await exitStatus(start(process.execPath, [cli, 'install', ...libraries, 'chromium']))) === 0;
}
