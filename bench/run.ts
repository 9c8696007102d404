/** Runs our cases and their peers side by side, in turn, and prints ratios. `--help` tells the rest. */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Case, cases, type Side } from './cases.js';

const usage = `usage: npm run bench -- [--dry] [case ...]

cases (default: all): ${Object.keys(cases).join(', ')}

--dry          writes no result; otherwise a comparison goes to bench/results/<case>.json

PEER_PYTHON    a Python with torch, torchvision, lightly and transformers (default: python3); without, ours runs alone
SSL_TFJS_NODE  folder of a built tfjs-node, a further peer of the steps of ViT, BERT, MAE and ResNet
ROUNDS         rounds of the steps, each side once a round (default 3)
STEPS          steps of a run (default 8)
EPOCHS         epochs of simclr-mnist (default 5)
`;

interface Measured {
  readonly milliseconds?: readonly number[];
  readonly seconds?: number;
  readonly losses: readonly number[];
  readonly peakMegabytes: number;
  readonly version: string;
}

const here = import.meta.dirname;
const python = process.env['PEER_PYTHON'] ?? 'python3';
const run = promisify(execFile);

async function measure({ script, args = [], env = {} }: Side): Promise<Measured> {
  const [command, ...before] = script.endsWith('.py')
    ? [python]
    : [process.execPath, '--import', 'tsx', '--conditions=ssl-source'];
  const options = { cwd: here, maxBuffer: 1 << 26, env: { ...process.env, ...env } };
  const { stdout } = await run(command, [...before, script, ...args], options);
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Measured;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** Seconds of one run, or of one step once warm. */
function secondsOf({ milliseconds, seconds }: Measured): number {
  return seconds ?? median(milliseconds!.slice(Math.min(2, milliseconds!.length - 1))) / 1000;
}

async function havePython(): Promise<boolean> {
  try {
    await run(python, ['-c', 'import torch, torchvision, lightly, transformers']);
    return true;
  } catch {
    process.stderr.write(
      `${python} has no torch, torchvision, lightly and transformers: its peers are left out (set PEER_PYTHON)\n`,
    );
    return false;
  }
}

/** Every side of a case once a round, in turn. */
async function compare({ ours, peers, rounds }: Case, withPython: boolean): Promise<Record<string, Measured[]>> {
  const present = Object.entries(peers).filter(([, { script }]) => withPython || !script.endsWith('.py'));
  const runs: Record<string, Measured[]> = {};
  for (let round = 0; round < rounds; round++) {
    for (const [who, side] of [['ours', ours] as const, ...present]) {
      const measured = await measure(side);
      (runs[who] ??= []).push(measured);
      const losses = `loss ${measured.losses[0]!.toFixed(3)} to ${measured.losses.at(-1)!.toFixed(3)}`;
      process.stderr.write(
        `  ${who} ${secondsOf(measured).toFixed(3)} s, ${Math.round(measured.peakMegabytes)} MB, ${losses}\n`,
      );
    }
  }
  return runs;
}

/** Medians of a comparison, and ours over the fastest peer's. */
function summarise(runs: Readonly<Record<string, readonly Measured[]>>) {
  const medians = (of: (measured: Measured) => number): Record<string, number> =>
    Object.fromEntries(Object.entries(runs).map(([who, all]) => [who, median(all.map(of))]));
  const [seconds, megabytes] = [medians(secondsOf), medians(({ peakMegabytes }) => peakMegabytes)];
  const peers = Object.keys(seconds).filter((who) => who !== 'ours');
  if (peers.length === 0) return { seconds, megabytes, fastestPeer: null, ratio: null, memoryRatio: null };
  const fastestPeer = peers.reduce((best, who) => (seconds[who]! < seconds[best]! ? who : best));
  return {
    seconds,
    megabytes,
    fastestPeer,
    ratio: seconds['ours']! / seconds[fastestPeer]!,
    memoryRatio: megabytes['ours']! / megabytes[fastestPeer]!,
  };
}

const given = process.argv.slice(2);
const chosen = given.filter((argument) => !argument.startsWith('--'));
const unknown = given.find((argument) =>
  argument.startsWith('--') ? argument !== '--dry' : !Object.hasOwn(cases, argument),
);
if (unknown !== undefined) {
  process.stderr.write(unknown === '--help' ? usage : `unknown '${unknown}'\n\n${usage}`);
  process.exit(unknown === '--help' ? 0 : 1);
}
const withPython = await havePython();
await mkdir(join(here, 'results'), { recursive: true });
for (const name of chosen.length === 0 ? Object.keys(cases) : chosen) {
  const item = cases[name]!;
  process.stderr.write(`${name}: ${item.what}\n`);
  const runs = await compare(item, withPython);
  const summary = summarise(runs);
  const { fastestPeer, ratio, memoryRatio } = summary;
  process.stderr.write(
    fastestPeer === null
      ? '  no peer\n'
      : `  ours / ${fastestPeer}: time ${ratio.toFixed(2)}, memory ${memoryRatio.toFixed(2)}\n`,
  );
  const processor = cpus();
  const result = {
    case: name,
    what: item.what,
    ...summary,
    machine: {
      processor: processor[0]?.model,
      cores: processor.length,
      memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    },
    date: new Date().toISOString().slice(0, 10),
    runs,
  };
  // A run without the peer must not replace a comparison.
  if (fastestPeer !== null && !given.includes('--dry'))
    await writeFile(join(here, 'results', `${name}.json`), `${JSON.stringify(result, null, 1)}\n`);
}
