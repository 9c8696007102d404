import { noLabel } from '@selfsup/ssl-core';
import { className } from './class-list.js';
import { IntegerList } from './integer-list.js';
import { numberClasses, unlistedText } from './number-classes.js';
import { renumberLabels } from './renumber-labels.js';

/** How the labels of a table are written. */
export type LabelKind = 'integers' | 'names';

/** Classes of a table's rows. */
export interface TableLabels {
  /** Class of each row, -1 = without label; undefined when no row has one. In memory that threads share. */
  readonly labels: Int32Array | undefined;
  /** Names of the classes, in the order of their numbers; empty when the labels are integers. */
  readonly classes: readonly string[];
}

/** More names than this are no classes but captions or keys. */
const maxClasses = 1_000_000;
/** Tables with gaps are often written with their integers as `3.0`. */
const integer = /^-?\d+(?:\.0+)?$/;

/** A number that is no class, and what tables write for none: names only where they are asked for. */
const otherNumber = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|nan|inf(?:inity)?)$/i;

/** Makes the error about the row at hand. */
type Fail = (problem: string) => Error;

/** How labels are read; see `ClassOptions`. */
export interface LabelColumnOptions {
  /** Undefined: as the first label is. */
  readonly kind?: LabelKind | undefined;
  /** Classes that there are, from `readClassList`. */
  readonly given?: readonly string[] | undefined;
  readonly allowEmpty?: boolean | undefined;
  /** What the caller writes to have `kind: 'names'`, for messages. Default `labels: 'names'`. */
  readonly asNames?: string;
}

const usualAsNames = "labels: 'names'";

/**
 * Collects the labels of a table's rows. Integers stand for themselves; names are numbered by the given classes, or in
 * the order of the sorted names (by code unit). Which of the two it is, the first label tells (a name where it is one of
 * the given classes), and a label of the other kind is an error, as is a number that is no integer (1.5, NaN).
 */
export class LabelColumn {
  /** Names, or given ones from the beginning, and their numbers while rows come. */
  readonly #numbers = new Map<string, number>();
  readonly #values = new IntegerList();
  readonly #options: LabelColumnOptions;
  #kind: LabelKind | undefined;

  constructor(options: LabelColumnOptions) {
    this.#options = options;
    this.#kind = options.kind;
    options.given?.forEach((name, number) => this.#numbers.set(name, number));
  }

  /**
   * @param text the label of the next row; undefined or empty: it has none
   * @param fail makes the error, with the row's place
   * @throws DataError when it is not like the others, or in no given class
   */
  add(text: string | undefined, fail: Fail): void {
    const label = text?.trim() ?? '';
    if (label === '') {
      this.#values.push(noLabel);
      return;
    }
    const isInteger = integer.test(label);
    if (!isInteger && this.#options.kind !== 'names' && !this.#isGiven(label) && otherNumber.test(label))
      throw fail(
        `has the label ${label.slice(0, 80)}, a number that is no class; classes are 0, 1, 2 and so on, -1 is no label, and ${this.#options.asNames ?? usualAsNames} takes it as a name`,
      );
    this.#kind ??= isInteger && !this.#isGiven(label) ? 'integers' : 'names';
    const fitsNames = this.#options.kind !== undefined || this.#isGiven(label);
    if (isInteger !== (this.#kind === 'integers') && !(isInteger && fitsNames))
      throw this.#mixed(label, this.#kind, fail);
    this.#values.push(this.#kind === 'integers' ? integerOf(label, fail) : this.#numberOf(label, fail));
  }

  /**
   * @param path the table, for messages
   * @throws DataError when a given class has no row, unless that is allowed
   */
  finish(path: string): TableLabels {
    const { given, allowEmpty = false } = this.#options;
    if (this.#kind === undefined) return { labels: undefined, classes: given ?? [] };
    const labels = this.#values.toShared();
    if (this.#kind === 'integers') return renumberLabels(labels, [], { given, allowEmpty, path });
    const names = [...this.#numbers.keys()];
    const used = Array.from(new Set(labels), (number) => names[number]).filter((name) => name !== undefined);
    const { classes, numberOf } = numberClasses({ used, given, allowEmpty, what: 'labels', path });
    const numbers = names.map(numberOf);
    labels.forEach((label, row) => (labels[row] = label < 0 ? label : numbers[label]!));
    return { labels, classes };
  }

  #mixed(label: string, kind: LabelKind, fail: Fail): Error {
    const shown = label.length > 80 ? `${label.slice(0, 80)}...` : label;
    const pass = `pass ${this.#options.asNames ?? usualAsNames}`;
    return fail(
      kind === 'integers'
        ? `has the label '${shown}' among integers; repair it, or ${pass}`
        : `has the label ${shown} among names; repair it, or ${pass} if it is one`,
    );
  }

  #isGiven(label: string): boolean {
    return this.#options.given !== undefined && this.#numbers.has(className(label));
  }

  #numberOf(name: string, fail: Fail): number {
    const key = className(name);
    let number = this.#numbers.get(key);
    if (number === undefined) {
      const { given } = this.#options;
      if (given !== undefined) throw fail(unlistedText('label', [name], given));
      number = this.#numbers.size;
      if (number === maxClasses)
        throw fail(`has label number ${maxClasses + 1}, more than classes are; choose other labels, or none`);
      this.#numbers.set(key, number);
    }
    return number;
  }
}

function integerOf(label: string, fail: Fail): number {
  const value = Number(label);
  if (value !== (value | 0)) throw fail(`has the label ${label}; labels are integers of at most 32 bits`);
  if (value < noLabel)
    throw fail(`has the label ${label}; classes are integers from 0 on, and -1 or an empty field is no label`);
  return value | 0;
}
