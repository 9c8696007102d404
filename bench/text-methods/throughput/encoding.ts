import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { once } from 'node:events';
import { peerProcess } from '../../runs/job-process.js';
import { textBudgets } from '../budgets.js';
import { textData } from '../data-of.js';
import type { Figures, TextJob } from '../rows.js';
import { mixedLines } from './mixed-lines.js';

/** What a thread is told. */
export interface EncodingShare {
  readonly tokenizer: string;
  readonly lines: readonly string[];
}

/** Rounds, of which the best counts. */
const rounds = 3;

/** Lines per second of our WordPiece and of the Rust library, with the same threads. */
export async function encoding({ budget, threads }: TextJob): Promise<Figures> {
  const { tokenizer } = await textData('glosses', budget);
  const lines = await mixedLines(textBudgets[budget].encodedTexts);
  const folder = await mkdtemp(join(tmpdir(), 'encoding-'));
  try {
    const path = join(folder, 'tokenizer.json');
    await tokenizer.save(path);
    await writeFile(join(folder, 'lines.json'), JSON.stringify(lines));
    const ours = lines.length / (await inThreads(path, lines, threads));
    const env = { RAYON_NUM_THREADS: String(threads), TOKENIZERS_PARALLELISM: 'true' };
    const said = await peerProcess<{ seconds: number }>('text_encode.py', { folder, rounds }, env);
    const theirs = lines.length / said.seconds;
    return { ours, theirs, ratio: ours / theirs };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Seconds in which threads encode a share each and give the ids back. */
async function inThreads(path: string, lines: readonly string[], threads: number): Promise<number> {
  const each = Math.ceil(lines.length / threads);
  const workers = await Promise.all(
    Array.from({ length: threads }, async (_, thread) => {
      const workerData: EncodingShare = { tokenizer: path, lines: lines.slice(thread * each, (thread + 1) * each) };
      const worker = new Worker(new URL('encode-share.ts', import.meta.url), { workerData });
      await once(worker, 'message');
      return worker;
    }),
  );
  let least = Infinity;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    await Promise.all(
      workers.map((worker) => {
        worker.postMessage('go');
        return once(worker, 'message');
      }),
    );
    least = Math.min(least, (performance.now() - start) / 1000);
  }
  await Promise.all(workers.map((worker) => worker.terminate()));
  return least;
}
