import { foldIn, RandomStream } from '@selfsup/ssl-tensor';
import { fillMask } from '@selfsup/ssl-text-mlm';
import type { MasksResult } from './results.js';
import type { TextSession } from './text-session.js';

/** A word worth hiding: long enough to mean something. */
const word = /^[a-z]{4,}$/;

/** Hides one word in each of a few held-out glosses and asks the pretrained model for it. */
export async function fillMasks(session: TextSession): Promise<MasksResult> {
  const { examples: wanted, predictions } = session.recipe.report;
  const tokenizer = await session.tokenizer();
  const random = new RandomStream(foldIn(session.key, 'masks'));
  const model = await session.freshModel();
  model.loadStateDict(await session.pretrainedState());
  try {
    const examples: MasksResult['examples'][number][] = [];
    for (const { text } of session.splits.maskedTest) {
      if (examples.length === wanted) break;
      const words = text.split(/\s+/);
      // Only words that are one token, for the model fills one token into a mask.
      const places = words.flatMap((candidate, place) =>
        word.test(candidate) && tokenizer.tokenToId(candidate) !== undefined ? [place] : [],
      );
      if (places.length < 3 || tokenizer.encode(text).length > session.recipe.tokenizer.length) continue;
      const place = places[random.integer(places.length)]!;
      const before = words.slice(0, place).join(' ');
      const after = words.slice(place + 1).join(' ');
      const [filled] = await fillMask(
        model,
        tokenizer,
        `${before} ${tokenizer.specialTokens.mask} ${after}`,
        predictions,
      );
      examples.push({
        before,
        after,
        truth: words[place]!,
        guesses: filled!.candidates.map(({ token, probability }) => ({ token, probability })),
      });
    }
    return { examples };
  } finally {
    model.dispose();
  }
}
