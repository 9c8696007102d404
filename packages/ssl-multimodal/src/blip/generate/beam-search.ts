import { type Draft, largest, type NextTokens, type SearchLimits, withoutEarlyEnd } from './caption-search.js';

/** Options of {@link beamSearch}. */
export interface BeamOptions {
  /** Drafts that are kept of each picture. */
  readonly beams: number;
  /** A text's score is its log probability over its length, without the beginning, to this power. */
  readonly lengthPenalty: number;
}

interface Scored {
  readonly ids: readonly number[];
  readonly score: number;
}

/** Of one picture. */
interface Beams {
  readonly running: readonly Scored[];
  /** Best first, at most as many as there are beams. */
  readonly finished: readonly Scored[];
  readonly open: boolean;
}

/**
 * The likeliest text of each picture that a search with several drafts finds. A text that ends counts only if it is among
 * the best continuations, as many as there are beams; the search of a picture ends where its best draft, at its present
 * length, is worse than the worst of as many texts that have ended.
 *
 * Source: as `generate` of transformers with `num_beams`, `length_penalty` and `early_stopping=False`.
 */
export async function beamSearch(
  pictures: number,
  next: NextTokens,
  limits: SearchLimits,
  options: BeamOptions,
): Promise<number[][]> {
  const { begin, maxLength } = limits;
  const all: Beams[] = Array.from({ length: pictures }, () => ({
    running: [{ ids: begin, score: 0 }],
    finished: [],
    open: true,
  }));
  for (let length = begin.length; length < maxLength && all.some(({ open }) => open); length++) {
    const drafts = all.flatMap(({ running, open }, picture): (Draft & Scored)[] =>
      open ? running.map((draft) => ({ ...draft, picture })) : [],
    );
    const scores = await next(drafts);
    for (const [picture, beams] of all.entries()) {
      if (!beams.open) continue;
      const own = drafts.flatMap((draft, at) =>
        draft.picture === picture ? [{ draft, scores: withoutEarlyEnd(scores[at]!, length, limits) }] : [],
      );
      all[picture] = advanced(beams, own, length, limits, options);
    }
  }
  return all.map(({ finished, running }) => [...(finished[0] ?? running[0]!).ids]);
}

function advanced(
  { finished }: Beams,
  own: readonly { readonly draft: Scored; readonly scores: Float32Array }[],
  length: number,
  { begin, end, maxLength }: SearchLimits,
  { beams, lengthPenalty }: BeamOptions,
): Beams {
  const vocabulary = own[0]!.scores.length;
  const sums = new Float32Array(own.length * vocabulary);
  own.forEach(({ draft, scores }, at) =>
    scores.forEach((value, id) => (sums[at * vocabulary + id] = draft.score + value)),
  );
  const best = largest(sums, 2 * beams).map((place) => {
    const id = place % vocabulary;
    const { ids } = own[Math.floor(place / vocabulary)]!.draft;
    return { ids: [...ids, id], score: sums[place]!, ends: id === end || length + 1 === maxLength };
  });
  const penalised = (score: number, tokens: number): number => score / tokens ** lengthPenalty;
  const tokens = length + 1 - begin.length;
  const ended = best
    .slice(0, beams)
    .filter(({ ends }) => ends)
    .map(({ ids, score }) => ({ ids, score: penalised(score, tokens) }));
  const kept = [...finished, ...ended].sort((a, b) => b.score - a.score).slice(0, beams);
  const running = best.filter(({ ends }) => !ends).slice(0, beams);
  // The best draft might still win, at its present length.
  const mayWin =
    running.length > 0 && (kept.length < beams || penalised(running[0]!.score, tokens) > kept.at(-1)!.score);
  return { running, finished: kept, open: mayWin };
}
