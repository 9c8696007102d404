import * as tf from '@tensorflow/tfjs-core';
import { FlatLayout } from './flat-layout.js';

/** Something that an optimiser keeps per parameter, zero at first; saved as `name.parameterName`. */
export interface SlotKind {
  readonly name: string;
  /** Shape of what is kept of a parameter of a shape; undefined where nothing is. */
  readonly shapeOf: (shape: readonly number[]) => readonly number[] | undefined;
}

/** What is kept of a bucket's parameters, as one vector that stays with the engine. */
export interface Slot {
  readonly kind: string;
  readonly layout: FlatLayout;
  readonly variable: tf.Variable<tf.Rank.R1>;
}

/** A kind by its name alone is of the parameters' shapes. */
export const slotKind = (kind: string | SlotKind): SlotKind =>
  typeof kind === 'string' ? { name: kind, shapeOf: (shape) => shape } : kind;

/**
 * Slots for parameters laid out by `parameters`, of the kinds that keep something of the first of them; the others must
 * agree.
 */
export function slotsOf(kinds: readonly SlotKind[], parameters: FlatLayout): readonly Slot[] {
  return kinds
    .filter(({ shapeOf }) => shapeOf(parameters.shapes[0]!) !== undefined)
    .map(({ name, shapeOf }) => {
      const shapes = parameters.shapes.map((shape) => shapeOf(shape)!);
      const isSame = shapes.every((shape, index) => tf.util.arraysEqual([...shape], [...parameters.shapes[index]!]));
      const layout = isSame ? parameters : new FlatLayout(shapes);
      const variable = tf.tidy(() => tf.variable(tf.zeros([layout.length]) as tf.Tensor1D, false));
      return { kind: name, layout, variable };
    });
}
