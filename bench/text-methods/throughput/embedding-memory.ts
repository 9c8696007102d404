import { textBudgets } from '../budgets.js';
import { textData } from '../data-of.js';
import type { Figures, TextJob } from '../rows.js';
import { mixedLines } from './mixed-lines.js';
import { randomEncoder } from './random-encoder.js';

/** Calls in which the sentences are embedded. */
const calls = 10;

/** Resident set while sentences are embedded, a tenth at a time. */
export async function embeddingMemory({ budget: name }: TextJob): Promise<Figures> {
  const budget = textBudgets[name];
  const { tokenizer } = await textData('glosses', name);
  const lines = await mixedLines(budget.watchedTexts);
  const sizes = {
    hiddenSize: budget.width,
    numHiddenLayers: budget.layers,
    numAttentionHeads: budget.heads,
    intermediateSize: 4 * budget.width,
  };
  const encoder = randomEncoder(tokenizer, sizes, 128);
  const each = Math.ceil(lines.length / calls);
  const megabytes: number[] = [];
  for (let call = 0; call < calls; call++) {
    await encoder.embed(lines.slice(call * each, (call + 1) * each));
    megabytes.push(process.memoryUsage().rss / 2 ** 20);
  }
  const [early, late] = [megabytes[calls / 5 - 1]!, megabytes.at(-1)!];
  return { early, late, ratio: late / early };
}
