import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TokenizerPool } from '@selfsup/ssl-text-mlm';
import { peerProcess } from '../../runs/job-process.js';
import { textBudgets } from '../budgets.js';
import { textData } from '../data-of.js';
import type { Figures, TextJob } from '../rows.js';
import { mixedLines } from './mixed-lines.js';

/** Rounds, of which the best counts. */
const rounds = 3;

/** Lines per second of our WordPiece and of the Rust library, with the same threads. */
export async function encoding({ budget, threads }: TextJob): Promise<Figures> {
  const { tokenizer } = await textData('glosses', budget);
  const lines = await mixedLines(textBudgets[budget].encodedTexts);
  const folder = await mkdtemp(join(tmpdir(), 'encoding-'));
  const pool = new TokenizerPool(tokenizer, { workers: threads });
  try {
    await tokenizer.save(join(folder, 'tokenizer.json'));
    await writeFile(join(folder, 'lines.json'), JSON.stringify(lines));
    let least = Infinity;
    for (let round = 0; round < rounds; round++) {
      const start = performance.now();
      await pool.encode(lines);
      least = Math.min(least, (performance.now() - start) / 1000);
    }
    const env = { RAYON_NUM_THREADS: String(threads), TOKENIZERS_PARALLELISM: 'true' };
    const said = await peerProcess<{ seconds: number }>('text_encode.py', { folder, rounds }, env);
    const [ours, theirs] = [lines.length / least, lines.length / said.seconds];
    return { ours, theirs, ratio: ours / theirs };
  } finally {
    await pool.close();
    await rm(folder, { recursive: true });
  }
}
