import type { DataError } from '@selfsup/ssl-tensor/host';

/** Deeper documents are refused before anything walks through them. */
const maxDepth = 32;

/** Whether a document is nested deeper than any that is known here; one that holds itself is. */
export function isDeep(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depth === maxDepth) return true;
  for (const item of Object.values(value))
    if (typeof item === 'object' && item !== null && isDeep(item, depth + 1)) return true;
  return false;
}

/**
 * One object of a JSON document from a stranger: its fields are asked for by name and type, and what nobody asked for is
 * refused. Every failure is a DataError that names the field.
 */
export class JsonFields {
  /** Where the object lies in its document, such as `normalizer.normalizers[1]`. */
  readonly at: string;
  readonly #entries: ReadonlyMap<string, unknown>;
  readonly #asked = new Set<string>();
  readonly #fail: (problem: string) => DataError;

  /** @param fail makes the error out of what is wrong */
  constructor(value: unknown, at: string, fail: (problem: string) => DataError) {
    this.at = at;
    this.#fail = fail;
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw fail(`${at === '' ? 'the top level' : `'${at}'`} must be an object, got ${shown(value)}`);
    // A map, so that no name finds what objects inherit.
    this.#entries = new Map(Object.entries(value));
  }

  /** The path of a field. */
  path(name: string): string {
    return this.at === '' ? name : `${this.at}.${name}`;
  }

  /** The error about a field. */
  error(name: string, expected: string): DataError {
    return this.#fail(`'${this.path(name)}' must be ${expected}, got ${shown(this.#entries.get(name))}`);
  }

  /** A value as it is, undefined where there is none. */
  value(name: string): unknown {
    this.#asked.add(name);
    return this.#entries.get(name);
  }

  /** A string; `fallback` where the field is left out. */
  string(name: string, fallback?: string): string {
    const value = this.value(name) ?? fallback;
    if (typeof value !== 'string') throw this.error(name, 'a string');
    return value;
  }

  /** A boolean; `fallback` where the field is left out. */
  boolean(name: string, fallback?: boolean): boolean {
    const value = this.value(name) ?? fallback;
    if (typeof value !== 'boolean') throw this.error(name, 'true or false');
    return value;
  }

  /** An integer from `least` to `most`; `fallback` where the field is left out. */
  integer(name: string, least: number, most: number, fallback?: number): number {
    const value = this.value(name) ?? fallback;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most)
      throw this.error(name, `an integer from ${least} to ${most}`);
    return value;
  }

  /** One of some words; `fallback` where the field is left out. */
  oneOf<T extends string>(name: string, words: readonly T[], fallback?: T): T {
    const value = this.value(name) ?? fallback;
    const found = words.find((word) => word === value);
    if (found === undefined) throw this.error(name, `one of ${words.map((word) => `'${word}'`).join(', ')}`);
    return found;
  }

  /** A list of at most `most` items; empty where the field is left out or null. */
  list(name: string, most: number): readonly unknown[] {
    const value = this.value(name) ?? [];
    if (!Array.isArray(value)) throw this.error(name, 'a list');
    if (value.length > most) throw this.#fail(`'${this.path(name)}' has ${value.length} entries, the limit is ${most}`);
    return value as unknown[];
  }

  /** An object within this one. */
  object(name: string): JsonFields {
    return new JsonFields(this.value(name), this.path(name), this.#fail);
  }

  /** All fields of an object within this one whose names are data, as of a vocabulary: there may be a million. */
  record(name: string): [string, unknown][] {
    const value = this.value(name);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.error(name, 'an object');
    return Object.entries(value);
  }

  /** An object that is an item of a list of this one. */
  item(name: string, index: number, value: unknown): JsonFields {
    return new JsonFields(value, `${this.path(name)}[${index}]`, this.#fail);
  }

  /** All fields, which counts as asking for them. */
  entries(): [string, unknown][] {
    const all = [...this.#entries];
    for (const [name] of all) this.#asked.add(name);
    return all;
  }

  /** The error about the object as a whole. */
  refuse(problem: string): DataError {
    return this.#fail(`${this.at === '' ? '' : `'${this.at}' `}${problem}`);
  }

  /** Refuses fields that nobody has asked for. */
  finish(): void {
    for (const name of this.#entries.keys())
      if (!this.#asked.has(name))
        throw this.#fail(
          `'${this.path(name.slice(0, 60))}' is not known here, so what it does would be lost; remove it if it does not matter`,
        );
  }
}

/** A value as a message shows it; objects are not looked into, as theirs may be no text. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (value === undefined) return 'nothing';
  return typeof value === 'string' ? `'${value.slice(0, 60)}'` : String(value as number | boolean | bigint | symbol);
}
