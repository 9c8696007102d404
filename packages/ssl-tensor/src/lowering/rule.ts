import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import type { KernelName } from './kernel-name.js';

/** Inputs of a TF.js kernel by TF.js's names; lists have the names '0', '1', … */
export type KernelInputs = Readonly<Record<string, Value>>;

/** Attributes of a TF.js kernel. TF.js types them as `unknown`; each rule narrows what it reads. */
export type KernelAttributes = Readonly<Record<string, unknown>>;

/** Lowers one TF.js kernel to ONNX nodes and returns its outputs. */
export type Rule = (builder: Builder, inputs: KernelInputs, attributes: KernelAttributes) => Value | readonly Value[];

/** Rules of one kernel family, by kernel name; written with `satisfies`, so that the family's type lists its kernels. */
export type RuleTable = Readonly<Partial<Record<KernelName, Rule>>>;

/** Input that the kernel always has. */
export function input(inputs: KernelInputs, name: string): Value {
  return inputs[name]!;
}
