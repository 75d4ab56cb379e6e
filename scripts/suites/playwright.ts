import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { findBrowser } from '../lib/browser';
import { buildPreview } from '../lib/builds';
import type { Counts } from '../lib/counts';
import { Failure } from '../lib/failure';
import { TEST_RESULTS } from '../lib/paths';
import { exitStatus, start } from '../lib/processes';
import { requireGo } from '../lib/tools';

interface Report {
  stats: { expected: number; unexpected: number; flaky: number; skipped: number };
  /** Faults outside any test, such as a setup that fails. */
  errors: unknown[];
}

/** The end-to-end specs in Chromium against the preview. */
export async function preview(): Promise<Counts> {
  await requireGo();
  await buildPreview();
  return runProject('preview');
}

/** The same specs against the Grafana at GRAFANA_URL. */
export function grafana(): Promise<Counts> {
  return runProject('grafana');
}

async function runProject(project: 'preview' | 'grafana'): Promise<Counts> {
  const browser = await findBrowser();
  mkdirSync(TEST_RESULTS, { recursive: true });
  const file = path.join(TEST_RESULTS, `playwright-${project}.json`);
  rmSync(file, { force: true });
  const cli = path.join('node_modules', '@playwright', 'test', 'cli.js');
  const status = await exitStatus(
    start(process.execPath, [cli, 'test', `--project=${project}`], {
      env: { ...process.env, CHROMIUM_PATH: browser, E2E_HOST: project, PLAYWRIGHT_JSON_OUTPUT_FILE: file },
    })
  );
  const { stats, errors } = readReport(file, status);
  const failed = stats.unexpected + stats.flaky + errors.length;
  if (status !== 0 && failed === 0) {
    throw new Failure(`Playwright ended with status ${status} without a failed test.`);
  }
  return { passed: stats.expected, failed, skipped: stats.skipped };
}

function readReport(file: string, status: number): Report {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    throw new Failure(`Playwright ended with status ${status} before it ran a test.`);
  }
}
