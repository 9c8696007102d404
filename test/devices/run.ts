// Runs the conformance suite on every device that is here, and says which ran and which did not, and why.
//
//   npm run test:devices -- [--devices cpu,webgpu,tensorflow] [--require cpu,webgpu] [--build] [--all]
//
// --require   fails unless these ran; the other devices run where they are found
// --build     builds tfjs-node where it was not built before (tools/build-tfjs-node.ts)
// --all       on webgpu too, every case instead of one for each kernel and op
// --reporter, --outputFile.json   as vitest's; the report holds the tests of all devices
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { buildTfjsNode, builtTfjsNode } from '../../tools/build-tfjs-node.js';
import { repositoryRoot } from '../../tools/workspaces.js';
import { findSoftwareAdapter } from './software-adapter.js';
import { suiteFiles } from './suite-files.js';

const devices = ['cpu', 'webgpu', 'tensorflow'] as const;
type Name = (typeof devices)[number];

const { values: options } = parseArgs({
  options: {
    devices: { type: 'string', default: devices.join(',') },
    require: { type: 'string', default: '' },
    build: { type: 'boolean', default: false },
    all: { type: 'boolean', default: false },
    reporter: { type: 'string', multiple: true, default: ['default'] },
    'outputFile.json': { type: 'string' },
  },
});

const namesIn = (list: string): Name[] =>
  list
    .split(',')
    .filter((name) => name !== '')
    .map((name) => {
      const known = devices.find((device) => device === name);
      if (known !== undefined) return known;
      console.error(`'${name}' is no device: choose from ${devices.join(', ')}`);
      return process.exit(2);
    });

/** Environment for a device, or why there is none. */
function environmentFor(device: Name): Readonly<Record<string, string>> | string {
  if (device === 'cpu') return {};
  if (device === 'webgpu') {
    const adapter = findSoftwareAdapter();
    return 'missing' in adapter ? adapter.missing : adapter.environment;
  }
  const named = process.env['SSL_TFJS_NODE'] ?? '';
  try {
    const folder = named === '' ? (options.build ? buildTfjsNode() : builtTfjsNode()) : named;
    // libtensorflow greets with the processor's features.
    const quiet = { TF_CPP_MIN_LOG_LEVEL: '2' };
    return folder === undefined ? 'no tfjs-node was built: add --build' : { ...quiet, SSL_TFJS_NODE: folder };
  } catch (error) {
    return (error as Error).message;
  }
}

const node = (args: readonly string[], environment: NodeJS.ProcessEnv, quiet: boolean) =>
  spawnSync(process.execPath, args, {
    cwd: repositoryRoot,
    env: { ...process.env, ...environment },
    stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'ignore' : 'inherit'],
    encoding: 'utf8',
  });

/** Why the device does not work, or nothing. */
function defectOf(device: Name, environment: NodeJS.ProcessEnv): string | undefined {
  const probe = ['--import', 'tsx', '--conditions=ssl-source', 'test/devices/probe.ts', device];
  const { status, stdout } = node(probe, environment, true);
  return status === 0 ? undefined : (stdout?.trim() ?? '') || `the probe ended with ${status}`;
}

const reports = mkdtempSync(join(tmpdir(), 'ssl-devices-'));
const results: unknown[] = [];
let failed = false;

/** Runs the suite on a device; one line on how it went. */
function runOn(device: Name, environment: NodeJS.ProcessEnv): string {
  const report = join(reports, `${device}.json`);
  const reporters = [...new Set([...options.reporter, 'json'])].map((name) => `--reporter=${name}`);
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', ...suiteFiles(device), ...reporters];
  const { status } = node(
    [...vitest, `--outputFile.json=${report}`],
    { ...environment, SSL_TENSOR_DEVICE: device, ...(options.all && { SSL_TEST_ALL_CASES: '1' }) },
    false,
  );
  if (status !== 0) failed = true;
  if (!existsSync(report)) return `${device} FAILED without a report (${status})`;
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    numPassedTests: number;
    numFailedTests: number;
    testResults: unknown[];
  };
  results.push(...testResults);
  if (numPassedTests === 0) failed = true;
  return `${device} ran: ${numPassedTests} passed, ${numFailedTests} failed${status === 0 ? '' : ' (FAILED)'}`;
}

const required = namesIn(options.require);
const wanted = new Set([...required, ...namesIn(options.devices)]);
const lines = [...wanted].map((device) => {
  const environment = environmentFor(device);
  const defect = typeof environment === 'string' ? environment : defectOf(device, environment);
  if (defect === undefined) return runOn(device, environment as NodeJS.ProcessEnv);
  const demanded = required.includes(device);
  if (demanded) failed = true;
  return `${device} ${demanded ? 'MISSING' : 'not run'}: ${defect}`;
});
if (options['outputFile.json'] !== undefined)
  writeFileSync(options['outputFile.json'], JSON.stringify({ testResults: results }));
rmSync(reports, { recursive: true, force: true });
console.log(['', ...lines.map((line) => `device ${line}`)].join('\n'));
process.exitCode = failed || results.length === 0 ? 1 : 0;
