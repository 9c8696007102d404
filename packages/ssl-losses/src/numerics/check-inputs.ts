import { checkIsTensor, InvalidOptionError } from '@selfsup/ssl-tensor/host';

/**
 * For losses that read an input's shape to know what to check.
 *
 * @throws ShapeError for an input that is no tensor; InvalidOptionError for a disposed one
 */
export function checkTensors(where: string, inputs: Readonly<Record<string, unknown>>): void {
  for (const [parameter, value] of Object.entries(inputs)) checkIsTensor(where, parameter, value);
}

/** @throws InvalidOptionError for an input that is no array; ShapeError for one of another than tensors */
export function checkTensorLists(where: string, inputs: Readonly<Record<string, unknown>>): void {
  for (const [parameter, list] of Object.entries(inputs)) {
    checkList(where, parameter, list, 'an array of tensors, one for each view');
    list.forEach((value: unknown, index) => checkIsTensor(where, `${parameter}[${index}]`, value));
  }
}

/** @throws InvalidOptionError for an input that is no array */
export function checkList(
  where: string,
  parameter: string,
  list: unknown,
  expected: string,
): asserts list is readonly unknown[] {
  if (!Array.isArray(list)) throw new InvalidOptionError(where, parameter, expected, list, 'Write [first, second]');
}

/** @throws InvalidOptionError for an input that is no record of tensors; ShapeError for a part of it that is no tensor */
export function checkTensorRecord(where: string, parameter: string, record: unknown, names: readonly string[]): void {
  if (typeof record !== 'object' || record === null || 'dtype' in record || Array.isArray(record))
    throw new InvalidOptionError(where, parameter, `a record { ${names.join(', ')} } of tensors`, record);
  for (const name of names)
    checkIsTensor(where, `${parameter}.${name}`, (record as Readonly<Record<string, unknown>>)[name]);
}
