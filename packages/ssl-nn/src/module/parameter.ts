import * as tf from '@tensorflow/tfjs-core';
import {
  checkOptions,
  copyOf,
  InvalidOptionError,
  isNdArray,
  type NdArray,
  type OptionNames,
} from '@selfsup/ssl-tensor/host';
import { checkNotForeign } from './foreign-states.js';
import type { StateLayout } from './state-layout.js';

/** Options of {@link Parameter} and {@link Buffer}. */
export interface StateOptions {
  /** How the tensor lies in a state dict; default as in memory. */
  readonly layout?: StateLayout;
  /** What helps where a state dict's shape is another, given the name there; said in the error. */
  readonly advice?: (name: string) => string;
}

const stateOptionNames: OptionNames<StateOptions> = {
  layout: 'optional',
  advice: 'optionalFunction',
};

/** A tensor that a module saves: the common part of {@link Parameter} and {@link Buffer}. */
export abstract class ModuleState {
  /** The value in memory. Its name is unique in the process and says nothing; use the names of `namedParameters()`. */
  get variable(): tf.Variable {
    checkNotForeign(this);
    return this.held;
  }
  private readonly held: tf.Variable;
  readonly layout: StateLayout | undefined;
  readonly advice: ((name: string) => string) | undefined;

  protected constructor(initial: NdArray, trainable: boolean, options: StateOptions) {
    if (!isNdArray(initial)) {
      const advice = 'Such as { data: Float32Array.from(values), shape }';
      throw new InvalidOptionError(new.target.name, 'initial', 'an NdArray', initial, advice);
    }
    const { data, shape } = initial;
    this.held = tf.tidy(() =>
      tf.variable(tf.tensor(data, [...shape], data instanceof Float32Array ? 'float32' : 'int32'), trainable),
    );
    this.layout = options.layout;
    this.advice = options.advice;
  }

  /** Shape in a state dict. */
  get referenceShape(): readonly number[] {
    return this.layout?.referenceShape(this.variable.shape) ?? this.variable.shape;
  }

  /** The value as a state dict holds it. Reads the variable, as `Module.stateDict()` does. */
  read(): NdArray {
    const data = this.variable.dataSync().slice() as Float32Array | Int32Array;
    const array: NdArray = { data, shape: [...this.variable.shape] };
    return this.layout?.toReference(array) ?? array;
  }

  /** Assigns a value that a state dict holds; its shape must be {@link referenceShape}. */
  write(value: NdArray): void {
    const { data, shape } = this.layout?.fromReference(value) ?? value;
    tf.tidy(() => this.variable.assign(tf.tensor(copyOf(data), [...shape], this.variable.dtype)));
  }

  dispose(): void {
    this.variable.dispose();
  }
}

/**
 * A trainable tensor of a module.
 *
 * @example
 * readonly weight = new Parameter(zeros([192]));
 */
export class Parameter extends ModuleState {
  constructor(initial: NdArray<Float32Array>, options: StateOptions = {}) {
    super(initial, true, options);
    checkOptions('Parameter', options, stateOptionNames);
  }
}

/** A tensor that a module saves and the optimiser leaves alone, such as running statistics. */
export class Buffer extends ModuleState {
  constructor(initial: NdArray<Float32Array> | NdArray<Int32Array>, options: StateOptions = {}) {
    super(initial, false, options);
    checkOptions('Buffer', options, stateOptionNames);
  }
}
