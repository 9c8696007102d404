import { ownProcess } from '../runs/job-process.js';
import { textBudgets } from './budgets.js';
import type { Figures, TextJob } from './rows.js';

/** What bench/word2vec.ts says. */
interface Said {
  readonly seconds: { readonly ours: number; readonly gensim: number; readonly ratio: number };
  readonly sharedOfTen: { readonly withGensim: number; readonly gensimWithItself: number };
  readonly analogies: { readonly ours: number; readonly gensim: number; readonly gensimAgain: number };
}

/** Word2Vec beside gensim's. */
export async function wordVectors({ variant, budget }: TextJob): Promise<Figures> {
  const program = new URL('../word2vec.ts', import.meta.url);
  const said = await ownProcess<Said>(program, variant, String(textBudgets[budget].wordTexts));
  const { seconds, sharedOfTen, analogies } = said;
  return {
    ours: seconds.ours,
    theirs: seconds.gensim,
    time: seconds.ratio,
    shared: sharedOfTen.withGensim,
    ownShared: sharedOfTen.gensimWithItself,
    analogies: analogies.ours,
    theirAnalogies: analogies.gensim,
    theirSpread: analogies.gensimAgain,
  };
}
