import type { TokenSource } from '../data/token-source.js';
import { fillMask } from '../evaluation/fill-mask.js';
import type { MaskedLmModel } from '../models/masked-lm-model.js';
import type { TextTokenizer } from '../tokenizer/text-tokenizer.js';

const [examples, guesses] = [8, 5] as const;

/** Held-out texts with one word hidden, and what the model takes it for: a paragraph each. */
export async function maskExamples(
  model: MaskedLmModel,
  tokenizer: TextTokenizer,
  heldOut: TokenSource,
): Promise<string> {
  const special = tokenizer.allSpecialIds();
  const continues = tokenizer.continuations();
  const lines: string[] = [];
  for (let row = 0; row < heldOut.length && lines.length < examples; row++) {
    const ids = [...heldOut.get(row).ids].slice(1, -1);
    // A word of one piece, in the middle as far as there is one.
    const places = ids.flatMap((id, place) =>
      !special.has(id) && continues[id] === 0 && continues[ids[place + 1] ?? -1] !== 1 ? [place] : [],
    );
    const place = places[Math.floor(places.length / 2)];
    if (place === undefined || places.length < 3) continue;
    const [before, after] = [tokenizer.decode(ids.slice(0, place)), tokenizer.decode(ids.slice(place + 1))];
    const text = `${before} ${tokenizer.specialTokens.mask} ${after}`;
    const [filled] = await fillMask(model, tokenizer, text, guesses);
    const best = filled!.candidates.map(({ token, probability }) => `${token} ${(100 * probability).toFixed(0)} %`);
    lines.push(`${text.trim()}: hidden is ${tokenizer.idToToken(ids[place]!)}, guessed ${best.join(', ')}`);
  }
  return lines.join('\n\n');
}
