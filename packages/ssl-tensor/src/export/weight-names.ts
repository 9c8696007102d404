import type * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError } from '@selfsup/ssl-core';
import type { ExportableModule } from './export-options.js';

/** Whether something has a forward pass and named weights. */
export function isExportableModule(value: unknown): value is ExportableModule {
  const module = value as Partial<ExportableModule> | null;
  return (
    typeof module === 'object' &&
    typeof module?.forward === 'function' &&
    typeof module.namedParameters === 'function' &&
    typeof module.namedBuffers === 'function'
  );
}

/**
 * Names of the modules' variables, as their state dicts have them.
 *
 * @param modules by what comes before the names; `''` for nothing
 * @throws InvalidOptionError for what is no module
 */
export function weightNames(modules: Readonly<Record<string, ExportableModule>>): Map<tf.Variable, string> {
  const names = new Map<tf.Variable, string>();
  for (const [prefix, module] of Object.entries(modules)) {
    if (!isExportableModule(module))
      throw new InvalidOptionError('exportOnnx', `modules.${prefix}`, 'a Module', module);
    for (const [name, { variable }] of [...module.namedParameters(), ...module.namedBuffers()])
      if (!names.has(variable)) names.set(variable, prefix === '' ? name : `${prefix}.${name}`);
  }
  return names;
}

/** A name that is not taken, and none that the graph gives its own values. */
export function freeName(wanted: string, taken: Set<string>): string {
  const start = /^[tc]\d+(_fill|_shape)?$/.test(wanted) ? `${wanted}.value` : wanted;
  let name = start;
  for (let number = 1; taken.has(name); number++) name = `${start}.${number}`;
  taken.add(name);
  return name;
}
