import * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError, isNdArray } from '@selfsup/ssl-core';

/** A name that values of the graph itself never have, nor could a runtime's tools trip over it. */
const plain = /^[A-Za-z_][A-Za-z0-9_.-]*$/;
const ofGraph = /^[tc]\d+(_fill|_shape)?$/;

/**
 * Names for the leaves of a tree of records and lists, in their order: the keys that lead there, or `<fallback>`,
 * `<fallback>1`, … where there are none.
 */
export function namedLeaves(tree: unknown, isLeaf: (value: unknown) => boolean, fallback: string): string[] {
  const names: string[] = [];
  const walk = (value: unknown, keys: readonly string[]): void => {
    if (isLeaf(value)) {
      const number = names.length;
      names.push(keys.length > 0 ? keys.join('.') : number === 0 ? fallback : `${fallback}${number}`);
    } else if (Array.isArray(value)) {
      value.forEach((item: unknown, index) => walk(item, keys.length > 0 ? [...keys, String(index)] : []));
    } else if (typeof value === 'object' && value !== null)
      for (const [key, item] of Object.entries(value)) walk(item, [...keys, key]);
  };
  walk(tree, []);
  return names;
}

export const isInputLeaf = (value: unknown): boolean => value instanceof tf.Tensor || isNdArray(value);

/**
 * The names that are given in place of those that were found.
 *
 * @throws InvalidOptionError for another number of names, one that comes twice, or one that is none
 */
export function checkedNames(
  option: string,
  given: readonly string[] | undefined,
  found: readonly string[],
  taken: readonly string[] = [],
): readonly string[] {
  const names = given ?? found;
  const where = 'exportOnnx';
  if (!Array.isArray(names) || names.length !== found.length)
    throw new InvalidOptionError(where, option, `a list of ${found.length} names`, given);
  for (const [index, name] of names.entries()) {
    if (typeof name !== 'string' || !plain.test(name) || ofGraph.test(name))
      throw new InvalidOptionError(
        where,
        `${option}[${index}]`,
        'a name of letters, digits, dots and underscores, and none such as t1 or c1, which the graph gives itself',
        name,
      );
    if (names.indexOf(name) !== index || taken.includes(name))
      throw new InvalidOptionError(where, `${option}[${index}]`, 'a name that comes once', name, `Set ${option}`);
  }
  return names;
}
