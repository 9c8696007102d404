import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';

// Each case is a process or two that load TypeScript from source.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const program = fileURLToPath(new URL('../../test/interrupted-run.ts', import.meta.url));
const tsx = join(root, 'node_modules', '.bin', 'tsx');
const source = '--conditions=ssl-source';

let base: string;
/** The weights of a run that nobody stopped. */
let whole: Buffer;
beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'ssl-interrupted-'));
  await run([process.execPath, source, '--import', 'tsx', program, base, '0']);
  whole = readFileSync(join(base, 'weights.safetensors'));
});
afterAll(() => rmSync(base, { recursive: true }));

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command in a process group of its own, and at the third line of progress signals the whole group, as a terminal does. */
function run(command: readonly string[], signals: readonly NodeJS.Signals[] = [], cwd = root): Promise<Ended> {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(DEBUG|NODE_OPTIONS|VITEST.*|npm_.*)$/.test(name),
  );
  const child = spawn(command[0]!, command.slice(1), {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...Object.fromEntries(inherited), NO_COLOR: '1' },
  });
  const written = { stdout: '', stderr: '' };
  let next = 0;
  child.stdout.on('data', (chunk: Buffer) => (written.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    written.stderr += chunk.toString();
    if (next > 0 || signals.length === 0 || !written.stderr.includes('toy: step ')) return;
    const send = (): void => {
      process.kill(-child.pid!, signals[next++]);
      if (next < signals.length) setTimeout(send, 900);
    };
    setTimeout(send, 100);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) =>
      resolve({ status: status ?? (signal === 'SIGINT' ? 130 : null), ...written }),
    );
  });
}

const commands: Readonly<Record<string, (folder: string, pause: string) => readonly string[]>> = {
  node: (folder, pause) => [process.execPath, source, '--import', 'tsx', program, folder, pause],
  tsx: (folder, pause) => [tsx, source, program, folder, pause],
  'npx tsx': (folder, pause) => ['npx', 'tsx', source, program, folder, pause],
  'npm run': (_, pause) => ['npm', 'run', '--silent', pause === '0' ? 'rest' : 'train'],
  sh: (folder, pause) => ['sh', '-c', `"${tsx}" ${source} "${program}" "${folder}" ${pause}; exit $?`],
};

it.each([
  { by: 'node', signal: 'SIGINT', status: 130 },
  { by: 'node', signal: 'SIGTERM', status: 143 },
  { by: 'tsx', signal: 'SIGINT', status: 130 },
  { by: 'tsx', signal: 'SIGTERM', status: 143 },
  { by: 'npx tsx', signal: 'SIGINT', status: 130 },
  { by: 'npm run', signal: 'SIGINT', status: 130 },
  { by: 'sh', signal: 'SIGINT', status: 130 },
] as const)('$signal to the group of $by saves and says so; the same again goes on', async ({ by, signal, status }) => {
  const folder = join(base, `${by.replace(' ', '-')}-${signal}`);
  mkdirSync(folder);
  const script = (pause: string): string => `"${tsx}" ${source} "${program}" "${folder}" ${pause}`;
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'user', type: 'module', scripts: { train: script('0.2'), rest: script('0') } }),
  );
  const cwd = by === 'npm run' ? folder : root;
  const stopped = await run(commands[by]!(folder, '0.2'), [signal], cwd);
  expect(stopped.stderr).toContain(
    `${signal}: finishing the step and saving a checkpoint. Ctrl-C again to quit without saving\n`,
  );
  const { steps, interrupted } = JSON.parse(stopped.stdout) as { steps: number; interrupted: boolean };
  expect(interrupted).toBe(true);
  expect(steps).toBeLessThan(20);
  const path = join(folder, 'run', `step-${String(steps).padStart(8, '0')}.safetensors`);
  expect(stopped.stderr).toContain(
    `Not finished: ${steps} of 20 steps. Saved in ${path}; the same command goes on from there.`,
  );
  expect(stopped.stderr.match(/Not finished|finishing the step/g)).toHaveLength(2);
  expect(stopped.status).toBe(status);

  const rest = await run(commands[by]!(folder, '0'), [], cwd);
  expect([rest.status, rest.stdout]).toEqual([0, '{"steps":20,"interrupted":false}\n']);
  expect(rest.stderr).toContain(`The run goes on after step ${steps} of 20 (`);
  expect(readFileSync(join(folder, 'weights.safetensors')).equals(whole)).toBe(true);
});

it.each([
  { by: 'tsx', signal: 'SIGINT', status: 130 },
  { by: 'tsx', signal: 'SIGTERM', status: 143 },
  { by: 'npx tsx', signal: 'SIGINT', status: 130 },
] as const)('$signal to the group of $by in the middle of a busy step saves too', async ({ by, signal, status }) => {
  const folder = join(base, `busy-${by.replace(' ', '-')}-${signal}`);
  const stopped = await run([...commands[by]!(folder, '0.4'), 'busy'], [signal]);
  expect(stopped.status).toBe(status);
  const { steps, interrupted } = JSON.parse(stopped.stdout) as { steps: number; interrupted: boolean };
  expect([interrupted, steps < 20]).toEqual([true, true]);
  expect(existsSync(join(folder, 'run', `step-${String(steps).padStart(8, '0')}.safetensors`))).toBe(true);
});

it('a second signal after the half second quits at once, and what was saved before stays', async () => {
  const folder = join(base, 'twice');
  mkdirSync(folder);
  // A step that takes long: the second signal comes while its observer waits.
  const { status, stdout, stderr } = await run(commands['tsx']!(folder, '3'), ['SIGINT', 'SIGINT']);
  expect([status, stdout]).toEqual([130, '']);
  expect(stderr).not.toContain('Not finished');
  expect(existsSync(join(folder, 'weights.safetensors'))).toBe(false);
});
