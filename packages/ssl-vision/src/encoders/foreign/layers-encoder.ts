import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { Buffer, drawKey, type Encoder, evaluation, type ForwardContext, Module, Parameter } from '@selfsup/ssl-nn';
import { InvalidOptionError, type NdArray } from '@selfsup/ssl-core';
import { keyedDropout } from '@selfsup/ssl-tensor';

/** Where a layer of tf.layers has a weight: `val` is what `read()` and `write()` use. */
interface Slot {
  readonly originalName: string;
  val: tf.Variable;
}

const where = 'LayersEncoder';

/**
 * A model of tf.layers (`@tensorflow/tfjs-layers`, also one that `loadLayersModel` has loaded) as an encoder that trains in
 * `compile()`: its trainable weights are parameters, all others, such as moving statistics, buffers. The model and the
 * encoder share them, so after training `model.predict` and `model.save` have what was learnt. Its dropout draws from the
 * step's key, by `keyedDropout`.
 *
 * State dict: `layers.<place of the layer>.<name of the weight>`, as TF.js has them. Twins (BYOL, MoCo, DINO) have weights
 * of their own in one model.
 *
 * A layer that reads values or draws on the host cannot be traced: `compile()` says which op.
 *
 * @example
 * const encoder = new LayersEncoder(await loadLayersModel('file://model.json'));
 * const method = new SimClr({ backbone: encoder, key: randomKey(1), normalize });
 */
export class LayersEncoder extends Module implements Encoder {
  readonly featureDim: number;
  /** By the layer's place and the weight's name. */
  readonly layers: Readonly<Record<string, Readonly<Record<string, Parameter | Buffer>>>>;
  private readonly model: LayersModel;
  private readonly slots: readonly Slot[];

  /**
   * @param model from pictures `[batch, height, width, channels]` to features `[batch, dim]`, or to a map, whose mean over
   *   all places is taken. Its weights become the encoder's
   * @throws InvalidOptionError for what is no model of tf.layers, with other inputs or outputs, or without weights made
   */
  constructor(model: LayersModel) {
    super();
    const [input, output] = checkedModel(model);
    if (input.shape.length !== 4)
      throw new InvalidOptionError(where, 'model', 'one whose input is [batch, height, width, channels]', input.shape);
    const dim = output.shape.at(-1);
    if ((output.shape.length !== 2 && output.shape.length !== 4) || typeof dim !== 'number')
      throw new InvalidOptionError(
        where,
        'model',
        'one whose output is [batch, dim] or [batch, height, width, channels], of a known last axis',
        output.shape,
      );
    this.featureDim = dim;
    this.model = keyedDropout(model);
    const slots: Slot[] = [];
    const trained = new Set<unknown>(model.trainableWeights);
    const taken = new Set<unknown>();
    this.layers = Object.fromEntries(
      model.layers.flatMap((layer, place) => {
        const states: Record<string, Parameter | Buffer> = {};
        for (const weight of layer.weights) {
          if (taken.has(weight)) continue;
          taken.add(weight);
          const slot = weight as unknown as Slot;
          const name = freeName(states, slot.originalName.split('/').at(-1)!);
          states[name] = adopted(slot, trained.has(weight));
          slots.push(slot);
        }
        return Object.keys(states).length === 0 ? [] : [[String(place), states]];
      }),
    );
    this.slots = slots;
  }

  /** @param images float32 `[batch, height, width, channels]`, as the model was trained to take them */
  forward(images: tf.Tensor4D, ctx: ForwardContext = evaluation): tf.Tensor2D {
    const { training } = ctx;
    const key = training && ctx.key !== undefined ? { key: drawKey(ctx, where) } : {};
    const output = this.withOwnWeights(() => this.model.apply(images, { training, ...key }) as tf.Tensor);
    return output.rank === 4 ? tf.mean(output, [1, 2]) : (output as tf.Tensor2D);
  }

  /** Lets the model compute with this encoder's weights: a twin's are others than the model has. */
  private withOwnWeights<T>(compute: () => T): T {
    const states = Object.values(this.layers).flatMap((layer) => Object.values(layer));
    const before = this.slots.map(({ val }) => val);
    this.slots.forEach((slot, at) => (slot.val = states[at]!.variable));
    try {
      return compute();
    } finally {
      this.slots.forEach((slot, at) => (slot.val = before[at]!));
    }
  }
}

/** The one input and the one output of a model. */
function checkedModel(model: LayersModel): [SymbolicTensor, SymbolicTensor] {
  const given = model as Partial<LayersModel> | null;
  if (typeof given?.apply !== 'function' || !Array.isArray(given.layers) || !Array.isArray(given.inputs))
    throw new InvalidOptionError(where, 'model', 'a model of tf.layers, with its input shape', model);
  const { inputs, outputs } = model;
  if (inputs.length !== 1 || outputs.length !== 1)
    throw new InvalidOptionError(
      where,
      'model',
      'of one input and one output',
      `${inputs.length} and ${outputs.length}`,
      'Such as tf.model({ inputs: model.inputs[0], outputs: model.getLayer(name).output })',
    );
  return [inputs[0]!, outputs[0]!];
}

/** A weight's value in a variable of ours, which takes its place in the model. */
function adopted(slot: Slot, trains: boolean): Parameter | Buffer {
  const { val } = slot;
  if (!(val instanceof tf.Variable) || val.dtype !== 'float32')
    throw new InvalidOptionError(where, `weight '${slot.originalName}'`, 'a float32 variable of tf.layers 4', val);
  const zeros: NdArray<Float32Array> = { data: new Float32Array(val.size), shape: [...val.shape] };
  const state = trains ? new Parameter(zeros) : new Buffer(zeros);
  state.variable.assign(val);
  slot.val = state.variable;
  val.dispose();
  return state;
}

/** A name that a layer's weights do not have yet: models within a model have several of one name. */
function freeName(states: Readonly<Record<string, unknown>>, name: string): string {
  let free = name;
  for (let count = 1; Object.hasOwn(states, free); count++) free = `${name}_${count}`;
  return free;
}
