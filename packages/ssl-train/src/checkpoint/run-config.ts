import { createHash } from 'node:crypto';
import { printable } from '@selfsup/ssl-core';
import { CheckpointError } from '@selfsup/ssl-tensor/host';
import { newRunAdvice } from './new-run-advice.js';

/** A value that survives JSON. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** What two runs must have in common for one to continue the other, by name. */
export type RunConfig = Readonly<Record<string, JsonValue>>;

/** JSON with sorted names: equal for equal values. */
function canonicalJson(value: JsonValue): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const names = Object.keys(value)
    .filter((name) => value[name] !== undefined)
    .sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name]!)}`).join(',')}}`;
}

const isList = (value: object): value is readonly JsonValue[] => Array.isArray(value);

/** SHA-256 of a configuration, hexadecimal. */
export function configHash(config: RunConfig): string {
  return createHash('sha256').update(canonicalJson(config)).digest('hex');
}

function flatten(value: JsonValue, name: string, into: Map<string, string>): void {
  if (typeof value === 'object' && value !== null && !isList(value)) {
    for (const [key, item] of Object.entries(value)) flatten(item, name === '' ? key : `${name}.${key}`, into);
  } else into.set(name, canonicalJson(value));
}

/** What differs between two configurations, a line for each name. */
export function configDifferences(saved: RunConfig, current: RunConfig): readonly string[] {
  if (configHash(saved) === configHash(current)) return [];
  const [was, is] = [new Map<string, string>(), new Map<string, string>()];
  flatten(saved, '', was);
  flatten(current, '', is);
  const names = [...new Set([...was.keys(), ...is.keys()])].filter((name) => was.get(name) !== is.get(name));
  return names.map((name) => `${name} was ${was.get(name) ?? 'absent'}, is ${is.get(name) ?? 'absent'}`);
}

/**
 * Compares the configuration of a checkpoint with that of the run that wants to continue it.
 *
 * @throws CheckpointError that lists every difference
 */
export function checkConfig(saved: RunConfig, current: RunConfig, path: string): void {
  const differences = configDifferences(saved, current);
  if (differences.length === 0) return;
  throw new CheckpointError(
    `belongs to another configuration: ${printable(differences.join('; '))}. Use the settings it was made with, or start anew in another directory; ${newRunAdvice(path)}. If it is another run's, move it away`,
    { path },
  );
}
