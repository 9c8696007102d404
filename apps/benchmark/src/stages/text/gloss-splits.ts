import { foldIn, InvalidOptionError, type RandomKey, RandomStream } from '@selfsup/ssl-core';

/** A dictionary gloss and its class. */
export interface LabelledText {
  readonly text: string;
  readonly label: number;
}

/** How many glosses go where. */
export interface SplitSizes {
  readonly maskedTest: number;
  /** Default: none are set aside, `labelled` is `pretrain`. */
  readonly labelled?: number | undefined;
  readonly test: number;
  /** Default: all that are left. */
  readonly pretrain?: number | undefined;
}

/** Sets without a common text, but for `labelled`, which may be `pretrain` itself. */
export interface GlossSplits<T extends LabelledText = LabelledText> {
  /** Seen by pretraining and the vocabulary, without labels. */
  readonly pretrain: readonly T[];
  /** For masked-token accuracy and loss. */
  readonly maskedTest: readonly T[];
  /** Of which the few labelled glosses are drawn. */
  readonly labelled: readonly T[];
  /** For the classifiers' accuracy. */
  readonly test: readonly T[];
}

/**
 * Splits glosses at random. Equal texts count as one for the split (the first is kept), so that no held-out text is
 * also a pretraining text.
 *
 * @throws InvalidOptionError where there are too few glosses
 */
export function splitGlosses<T extends LabelledText>(
  glosses: readonly T[],
  sizes: SplitSizes,
  key: RandomKey,
): GlossSplits<T> {
  const seen = new Set<string>();
  const unique = glosses.filter(({ text }) => !seen.has(text) && seen.add(text) !== undefined);
  const heldOut = sizes.maskedTest + (sizes.labelled ?? 0) + sizes.test;
  const needed = heldOut + (sizes.pretrain ?? 1);
  if (needed > unique.length)
    throw new InvalidOptionError(
      'recipe',
      'data',
      `sizes that add up to at most ${unique.length}, the different glosses that there are`,
      needed,
    );
  const order = new RandomStream(foldIn(key, 'gloss-splits')).permutation(unique.length);
  let from = 0;
  const take = (count: number): T[] => Array.from(order.subarray(from, (from += count)), (index) => unique[index]!);
  const maskedTest = take(sizes.maskedTest);
  const test = take(sizes.test);
  const labelled = sizes.labelled === undefined ? undefined : take(sizes.labelled);
  const pretrain = take(sizes.pretrain ?? unique.length - heldOut);
  return { maskedTest, test, pretrain, labelled: labelled ?? pretrain };
}
