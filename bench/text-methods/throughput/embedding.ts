import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { peerProcess } from '../../runs/job-process.js';
import { textBudgets } from '../budgets.js';
import { textData } from '../data-of.js';
import type { Figures, TextJob } from '../rows.js';
import { mixedLines } from './mixed-lines.js';
import { randomEncoder } from './random-encoder.js';

/** all-MiniLM-L6-v2's, less its vocabulary. */
const miniLm = { hiddenSize: 384, numHiddenLayers: 6, numAttentionHeads: 12, intermediateSize: 1536 };
const maxLength = 128;

/** Seconds for sentences, ours and theirs with the same weights, both with all cores. */
export async function embedding({ budget, threads }: TextJob): Promise<Figures> {
  const { tokenizer } = await textData('glosses', budget);
  const lines = await mixedLines(textBudgets[budget].embeddedTexts);
  const encoder = randomEncoder(tokenizer, miniLm, maxLength);
  const folder = await mkdtemp(join(tmpdir(), 'embedding-'));
  try {
    await encoder.exportForTransformers(folder);
    await writeFile(join(folder, 'lines.json'), JSON.stringify(lines));
    // Traces are made, as theirs are warmed.
    await encoder.embed(lines.slice(0, 256));
    const start = performance.now();
    const own = await encoder.embed(lines, { normalize: true });
    const ours = (performance.now() - start) / 1000;
    const said = await peerProcess<{ seconds: number }>('text_embed.py', { folder, threads, maxLength });
    const file = await readFile(join(folder, 'vectors.bin'));
    const their = new Float32Array(file.buffer, file.byteOffset, file.length / 4);
    const dim = own.shape[1]!;
    const cosine = lines.reduce((least, _, row) => {
      let dot = 0;
      for (let at = row * dim; at < (row + 1) * dim; at++) dot += own.data[at]! * their[at]!;
      return Math.min(least, dot);
    }, 1);
    return { ours, theirs: said.seconds, ratio: ours / said.seconds, cosine };
  } finally {
    await rm(folder, { recursive: true });
  }
}
