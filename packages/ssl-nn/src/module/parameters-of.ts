import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { Module } from './module.js';
import type { Parameter } from './parameter.js';

/**
 * The parameters of several modules by full name (`backbone.conv1.weight`), in the order of the modules; one that is
 * reachable from two of them counts once, under the first name. What a training method's `trainable()` returns.
 *
 * @throws InvalidOptionError for what is no Module
 *
 * @example
 * trainable() { return parametersOf({ backbone: this.modules.backbone, head: this.modules.head }); }
 */
export function parametersOf(modules: Readonly<Record<string, Module>>): Map<string, Parameter> {
  const found = new Map<string, Parameter>();
  const seen = new Set<Parameter>();
  for (const [name, module] of Object.entries(modules)) {
    if (!(module instanceof Module)) throw new InvalidOptionError('parametersOf', name, 'a Module', module);
    for (const [path, parameter] of module.namedParameters()) {
      if (seen.has(parameter)) continue;
      seen.add(parameter);
      found.set(path === '' ? name : `${name}.${path}`, parameter);
    }
  }
  return found;
}
