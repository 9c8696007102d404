import { InvalidOptionError } from '@selfsup/ssl-core';
import type { InferenceSession } from '@selfsup/ssl-runtime';

/** A tensor that goes into a file's graph or comes out of it; an axis of any size has its name or -1. */
export type OnnxValue = InferenceSession.ValueMetadata;

/** Sizes of a value's axes; undefined: any. */
export const axesOf = (value: OnnxValue): readonly (number | undefined)[] =>
  value.isTensor ? value.shape.map((axis) => (typeof axis === 'number' && axis > 0 ? axis : undefined)) : [];

/** A value in words: `pixel_values float32 [batch, 3, 224, 224]`. */
export const describeValue = (value: OnnxValue): string =>
  value.isTensor ? `'${value.name}' ${value.type} [${value.shape.join(', ')}]` : `'${value.name}', which is no tensor`;

/** All of them in words. */
export const describeValues = (values: readonly OnnxValue[]): string => values.map(describeValue).join(', ') || 'none';

/**
 * The value that an option names, or the only one that will do.
 *
 * @param fits what will do, said by `expected`
 * @throws InvalidOptionError that lists what there is: for a name that is not there, and where there are none or several
 */
export function chosenValue(
  where: string,
  option: 'input' | 'output' | 'mapOutput',
  name: string | undefined,
  choice: {
    readonly values: readonly OnnxValue[];
    readonly fits: (value: OnnxValue) => boolean;
    readonly expected: string;
  },
): OnnxValue {
  const { values, fits, expected } = choice;
  const found = values.filter((value) => (name === undefined ? fits(value) : value.name === name));
  const [value] = found;
  const all = `The file has ${describeValues(values)}`;
  if (value === undefined || found.length > 1)
    throw new InvalidOptionError(
      where,
      option,
      name === undefined ? `given: ${found.length} of the file's are ${expected}` : 'a name that the file has',
      name,
      all,
    );
  if (!fits(value)) throw new InvalidOptionError(where, option, expected, describeValue(value), all);
  return value;
}
