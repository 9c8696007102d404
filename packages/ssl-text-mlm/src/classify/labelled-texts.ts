import { DataError, InvalidOptionError } from '@selfsup/ssl-tensor/host';

/** A text with the name of its class. */
export interface LabelledText {
  readonly text: string;
  readonly label: string;
}

/** @throws InvalidOptionError for what is no list of texts with labels, naming the first that is none */
export function checkLabelledTexts(where: string, option: string, examples: readonly LabelledText[]): void {
  if (!Array.isArray(examples))
    throw new InvalidOptionError(where, option, 'a list of { text, label }', examples, 'Write [{ text, label }, ...]');
  examples.forEach((example: Partial<LabelledText> | null | undefined, index) => {
    for (const name of ['text', 'label'] as const)
      if (typeof example?.[name] !== 'string')
        throw new InvalidOptionError(where, `${option}[${index}].${name}`, 'a text', example?.[name]);
  });
}

/** Examples of each class that are needed before some are held out, and one of how many is then. */
const [enough, heldOutOf] = [10, 10] as const;

/** Texts to learn from, and texts that measure. */
export interface SplitTexts {
  readonly train: readonly LabelledText[];
  readonly heldOut: readonly LabelledText[];
  /** Names of the classes, in alphabetical order of their code points. */
  readonly labels: readonly string[];
}

/**
 * Holds out one in ten of the examples of each class that has ten or more, unless some are given.
 *
 * @throws DataError for fewer than two classes, and held-out texts of a class that no other text has
 */
export function splitTexts(
  where: string,
  examples: readonly LabelledText[],
  given: readonly LabelledText[] | undefined,
): SplitTexts {
  const counts = new Map<string, number>();
  for (const { label } of examples) counts.set(label, (counts.get(label) ?? 0) + 1);
  // Not by the locale of the machine, on which the order of the scores would then hang.
  const labels = [...counts.keys()].toSorted((a, b) => (a < b ? -1 : 1));
  if (labels.length < 2)
    throw new DataError(
      `${where}: the examples are of ${labels.length === 0 ? 'no class' : `one class, '${labels[0]!.slice(0, 60)}'`}; give some of two or more`,
    );
  if (given !== undefined) {
    const other = given.findIndex(({ label }) => !counts.has(label));
    if (other >= 0)
      throw new DataError(
        `${where}: heldOut[${other}] is of the class '${given[other]!.label.slice(0, 60)}', of which there is no example to learn from`,
      );
    return { train: examples, heldOut: given, labels };
  }
  const seen = new Map<string, number>();
  const isHeldOut = examples.map(({ label }) => {
    const place = seen.get(label) ?? 0;
    seen.set(label, place + 1);
    return counts.get(label)! >= enough && place % heldOutOf === heldOutOf - 1;
  });
  return {
    train: examples.filter((_, index) => !isHeldOut[index]),
    heldOut: examples.filter((_, index) => isHeldOut[index]),
    labels,
  };
}
