import { printable } from '@selfsup/ssl-core';
import { CheckpointError, type NdArray, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { ModuleState } from './parameter.js';
import { sameValues } from './same-values.js';
import type { StateInTransit } from './state-entries.js';

/** Options of `Module.loadStateDict`. */
export interface LoadStateOptions {
  /** Throw when names are missing or unexpected. Default true. */
  readonly strict?: boolean;
}

/** Names of {@link LoadStateOptions}. */
export const loadStateOptionNames: OptionNames<LoadStateOptions> = {
  strict: 'optionalFlag',
};

/** What did not meet. After a strict load `missing` and `unexpected` are empty. */
export interface LoadStateResult {
  /** In the module and not in the state dict: kept as they were. */
  readonly missing: string[];
  /** In the state dict and not in the module: ignored. */
  readonly unexpected: string[];
  /** In the state dict, and known as something that this model has no use for: ignored, for the reason given. */
  readonly ignored: ReadonlyMap<string, string>;
}

const shown = 8;

const list = (names: readonly string[], reasons: ReadonlyMap<string, string> = new Map()): string =>
  names
    .slice(0, shown)
    .map((name) => `'${printable(name)}'${reasons.has(name) ? ` (in the file it ${reasons.get(name)})` : ''}`)
    .join(', ') + (names.length > shown ? ` and ${names.length - shown} more` : '');

const shapeText = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/** Why an array cannot become the value of a state, or undefined. */
function misfit(state: ModuleState, array: NdArray): string | undefined {
  const expected = state.referenceShape;
  if (array.shape.length !== expected.length || array.shape.some((size, axis) => size !== expected[axis])) {
    return `has shape ${shapeText(array.shape)}, the model wants ${shapeText(expected)}`;
  }
  if (array.data.length !== state.variable.size)
    return `has ${array.data.length} elements for shape ${shapeText(array.shape)}`;
  const float = state.variable.dtype === 'float32';
  if (float !== array.data instanceof Float32Array)
    return `holds ${float ? 'integers' : 'floats'}, the model wants ${state.variable.dtype}`;
  return undefined;
}

/** Checks a state dict against a module's states and assigns them, or throws before the first assignment. */
export function loadState(
  where: string,
  states: ReadonlyMap<ModuleState, readonly string[]>,
  upgraded: StateInTransit,
  { strict = true }: LoadStateOptions,
): LoadStateResult {
  const state = upgraded.tensors;
  const known = new Set([...states.values()].flat());
  const missing: string[] = [];
  const skipped = new Map([...upgraded.skipped].map(([name, { reason }]) => [name, reason]));
  const unexpected = [...state.keys()].filter((name) => !known.has(name));
  const wrong: string[] = [];
  const torn: string[] = [];
  const advised: string[] = [];
  const found: [ModuleState, NdArray][] = [];
  let firstWrong: string | undefined;
  for (const [entry, names] of states) {
    const name = names.find((candidate) => state.has(candidate));
    if (name === undefined) {
      missing.push(names.find((candidate) => skipped.has(candidate)) ?? names[0]!);
      continue;
    }
    const array = state.get(name)!;
    const problem = misfit(entry, array);
    // Tied tensors may be there under each of their names.
    const other = names.find((candidate) => state.has(candidate) && !sameValues(array, state.get(candidate)!));
    if (other !== undefined) {
      firstWrong ??= other;
      torn.push(`'${printable(name)}' and '${printable(other)}'`);
    }
    if (problem === undefined) found.push([entry, array]);
    else {
      firstWrong ??= name;
      wrong.push(`'${printable(name)}' ${problem}`);
      if (entry.advice !== undefined && array.data instanceof Float32Array) advised.push(entry.advice(printable(name)));
    }
  }
  const problems: string[] = [];
  if (wrong.length > 0)
    problems.push(
      `${wrong.slice(0, shown).join('; ')}${wrong.length > shown ? ` and ${wrong.length - shown} more` : ''}${['', ...advised.slice(0, shown)].join('. ')}. Build the model with the sizes that the weights were made with`,
    );
  if (torn.length > 0)
    problems.push(
      `${torn.slice(0, shown).join(', ')} have different values and are one tensor of the model. Delete one of the two from the state dict, or build a model that does not tie them`,
    );
  if (strict && missing.length > 0) problems.push(`missing ${list(missing, skipped)}`);
  if (strict && unexpected.length > 0) problems.push(`unexpected ${list(unexpected)}`);
  if (problems.length > 0) {
    const nameTrouble = strict && missing.length + unexpected.length > 0;
    const advice = nameTrouble
      ? '. Check the prefix of the names, or pass { strict: false } to load what fits by name'
      : '';
    const parameter = firstWrong ?? missing[0] ?? unexpected[0];
    throw new CheckpointError(
      `${where}: the state dict does not fit: ${problems.join('; ')}${advice}`,
      parameter === undefined ? {} : { parameter },
    );
  }
  for (const [entry, array] of found) entry.write(array);
  return { missing, unexpected, ignored: upgraded.ignored };
}
