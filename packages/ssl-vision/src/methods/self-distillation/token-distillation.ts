import * as tf from '@tensorflow/tfjs-core';
import {
  childContext,
  drawKey,
  type Encoder,
  type Module,
  type Parameter,
  parametersOf,
  type TokenEncoder,
  type Tokens,
  twinOf,
} from '@selfsup/ssl-nn';
import type { ForwardContext } from '@selfsup/ssl-nn';
import { InvalidOptionError, type NdArray, ShapeError, takeRows } from '@selfsup/ssl-tensor';
import type { EmaPair, RunShape, Tensors } from '@selfsup/ssl-train';
import { cropsOf, globalCount } from '../../batches/crops-of.js';
import { DinoHead } from '../../heads/dino-head.js';
import type { ImageStatistics } from '../../images/check-image-statistics.js';
import { normalizeImages } from '../../images/normalize-images.js';
import type { MultiViewBatch } from '../simclr/simclr.js';
import { blockMasks, maskCounts, type MaskShares } from './block-masks.js';
import { checkMaskValues } from './check-mask-values.js';
import type { DistillationPhase, DistillationPlan } from './distillation-numbers.js';
import { passOfSize } from './pass-of-size.js';
import { teacherContext } from './teacher-context.js';

/** An encoder whose tokens are a class token and the patches, and which has a token for masked ones. */
export type MaskedEncoder = Encoder & TokenEncoder;

/** A multi-crop batch, and where a loader makes them the masks of the global views. */
export interface MaskedMultiViewBatch extends MultiViewBatch {
  /**
   * `[2 * batch, patches]` of the first and then of the second global view, 1 = masked. As many ones in all as the method
   * would draw: the Trainer refuses others, and `loss` by itself, which cannot see values, is NaN. Default: drawn.
   */
  readonly masks?: NdArray<Uint8Array>;
}

/** Student and teacher, encoder and heads, by name. */
export type TokenModules = {
  readonly backbone: MaskedEncoder;
  readonly head: DinoHead;
  readonly teacher: MaskedEncoder;
  readonly teacherHead: DinoHead;
  /** Of patches, where they have one of their own. */
  readonly patchHead?: DinoHead;
  readonly teacherPatchHead?: DinoHead;
};

/** What the losses of masked self-distillation see. */
export interface TokenOutputs {
  /** Teacher's outputs of the global views' class tokens, each `[batch, k]`. */
  readonly targets: readonly tf.Tensor2D[];
  /** Student's of all views', each `[batch, k]`. */
  readonly outputs: readonly tf.Tensor2D[];
  /** Teacher's outputs of the patches that the student does not see, `[masked, k]`. */
  readonly patchTargets: tf.Tensor2D;
  /** Student's in their places, `[masked, k]`. */
  readonly patchOutputs: tf.Tensor2D;
  /** `[2 * batch, patches]`, 1 = masked. */
  readonly mask: tf.Tensor2D;
  /** Student's tokens of the global views, and of local ones of their size after them. */
  readonly seen: Tokens;
  /** Student's class tokens of the global views, each `[batch, dim]`. */
  readonly classTokens: readonly tf.Tensor2D[];
  /** Teacher's, `[2 * batch, dim]`. */
  readonly taught: tf.Tensor2D;
}

/** Networks and passes that iBOT and DINOv2 share: the student sees global crops with masked patches, and local ones. */
export class TokenDistillation {
  readonly modules: TokenModules;

  /**
   * @param backbone checked by `checkMaskedEncoder`
   * @throws InvalidOptionError for what is no head
   */
  constructor(
    private readonly where: string,
    backbone: MaskedEncoder,
    head: DinoHead,
    patchHead: DinoHead | undefined,
    private readonly normalize: ImageStatistics,
    private readonly shares: Required<MaskShares>,
  ) {
    if (patchHead !== undefined && !(patchHead instanceof DinoHead))
      throw new InvalidOptionError(where, 'patchHead', 'a DinoHead', patchHead);
    this.modules = {
      backbone,
      head,
      teacher: twinOf(backbone),
      teacherHead: twinOf(head),
      ...(patchHead === undefined ? {} : { patchHead, teacherPatchHead: twinOf(patchHead) }),
    };
  }

  /** Of patches: that of the class token where they share one. */
  get patchDim(): number {
    return (this.modules.patchHead ?? this.modules.head).outDim;
  }

  trainable(phase?: DistillationPhase): Map<string, Parameter> {
    const { backbone, head, patchHead } = this.modules;
    const heads = patchHead === undefined ? { head } : { head, patchHead };
    if (phase !== 'lastLayerFrozen') return parametersOf({ backbone, ...heads });
    const frozen = Object.entries(heads).map(([name, { mlp }]): [string, Module] => [`${name}.mlp`, mlp]);
    return parametersOf({ backbone, ...Object.fromEntries(frozen) });
  }

  pairs(run: RunShape, plan: DistillationPlan): readonly EmaPair[] {
    const { backbone, head, patchHead, teacher, teacherHead, teacherPatchHead } = this.modules;
    return plan.pairs(run, [
      { online: backbone, target: teacher },
      { online: head, target: teacherHead },
      ...(patchHead === undefined ? [] : [{ online: patchHead, target: teacherPatchHead! }]),
    ]);
  }

  /**
   * @param least images that the method needs at once
   * @throws ShapeError for views that are not two of one size and then others, of fewer images than `least`, and for masks
   *   that do not fit
   */
  pass(batch: Tensors<MaskedMultiViewBatch>, ctx: ForwardContext, least = 1): TokenOutputs {
    const { backbone, head, patchHead, teacher, teacherHead, teacherPatchHead } = this.modules;
    const { globals, groups, count } = cropsOf(this.where, batch, { images: least });
    const teaching = teacherContext(teacher, ctx, 'teacher');
    const whole = teacher.encode(normalizeImages(globals, this.normalize), teaching);
    const { grid, prefix } = whole;
    if (prefix < 1)
      throw new InvalidOptionError(
        this.where,
        'backbone',
        'an encoder with a class token',
        `${prefix} tokens before the patches`,
      );
    const [images, patches] = [globals.shape[0], grid.reduce((product, axis) => product * axis, 1)];
    const counts = maskCounts(images, patches, this.shares);
    const masked = sum(counts);
    const mask = this.maskOf(batch.masks, counts, grid, ctx);
    const rows = maskedRows(mask, masked);
    const taught = classTokens(whole.tokens);
    const told = this.headed(teacherHead, teacherPatchHead, taught, patchesAt(whole.tokens, prefix, rows), teaching);

    const own = childContext(ctx, 'backbone');
    const features: tf.Tensor2D[] = [];
    let seen: Tokens | undefined;
    groups.forEach(({ images: crops, count: views }, index) => {
      const pixels = normalizeImages(crops, this.normalize);
      // Local crops of the global ones' size come in the same run, and are not masked.
      const marks = index > 0 ? undefined : padded(mask, (views - globalCount) * (images / globalCount));
      const options = marks === undefined ? {} : { mask: marks };
      const encoded = passOfSize(this.where, crops, globals, () =>
        backbone.encode(pixels, childContext(own, index), options),
      );
      features.push(classTokens(encoded.tokens));
      if (index === 0) seen = encoded;
    });
    const students = tf.concat(features, 0);
    const hidden = patchesAt(seen!.tokens, prefix, rows);
    const outputs = this.headed(head, patchHead, students, hidden, childContext(ctx, 'head'));
    return {
      targets: tf.split<tf.Tensor2D>(told.classes, globalCount),
      outputs: tf.split<tf.Tensor2D>(outputs.classes, count),
      patchTargets: told.patches,
      patchOutputs: outputs.patches,
      mask,
      seen: seen!,
      classTokens: tf.split<tf.Tensor2D>(students, count).slice(0, globalCount),
      taught,
    };
  }

  /**
   * Masks of a loader's own, before a step: another number of ones has no shape within it.
   *
   * @throws InvalidOptionError for other values than 0 and 1, and for another number of ones than would be drawn
   */
  checkMasks({ masks }: MaskedMultiViewBatch): void {
    if (masks?.shape.length !== 2) return;
    const [images, patches] = masks.shape as [number, number];
    const wanted = sum(maskCounts(images, patches, this.shares));
    const advice = `Mask ${wanted} patches in all over both global views, or leave masks out: then they are drawn`;
    checkMaskValues(this.where, masks.data, advice);
    const ones = sum(masks.data);
    if (ones === wanted) return;
    const expected = `of ${wanted} masked patches, as maskedImages and maskRatio have it`;
    throw new InvalidOptionError(this.where, 'batch.masks', expected, ones, advice);
  }

  /** Drawn, or those of the batch: NaN where {@link checkMasks} was not asked and would refuse them. */
  private maskOf(
    given: tf.Tensor | undefined,
    counts: readonly number[],
    grid: readonly number[],
    ctx: ForwardContext,
  ): tf.Tensor2D {
    if (given === undefined) return blockMasks(drawKey(childContext(ctx, 'masks'), this.where), counts, grid);
    const shape = [counts.length, grid.reduce((product, axis) => product * axis, 1)] as [number, number];
    if (given.shape.join() !== shape.join())
      throw new ShapeError(this.where, 'batch.masks', `[${shape.join(', ')}]`, `[${given.shape.join(', ')}]`);
    const ones = tf.cast(given, 'float32');
    return tf.add(ones, tf.where(tf.equal(tf.sum(ones), sum(counts)), tf.scalar(0), tf.scalar(Number.NaN)));
  }

  /** Outputs of class tokens and of patches, in one pass where they share a head. */
  private headed(
    head: DinoHead,
    patchHead: DinoHead | undefined,
    classes: tf.Tensor2D,
    patches: tf.Tensor2D,
    ctx: ForwardContext,
  ): { readonly classes: tf.Tensor2D; readonly patches: tf.Tensor2D } {
    if (patchHead !== undefined)
      return { classes: head.forward(classes, ctx), patches: patchHead.forward(patches, childContext(ctx, 'patches')) };
    const sizes = [classes.shape[0], patches.shape[0]];
    const [first, second] = tf.split<tf.Tensor2D>(head.forward(tf.concat([classes, patches], 0), ctx), sizes);
    return { classes: first!, patches: second! };
  }
}

const sum = (values: Iterable<number>): number => {
  let all = 0;
  for (const value of values) all += value;
  return all;
};

/** `[images, dim]` */
const classTokens = (tokens: tf.Tensor3D): tf.Tensor2D => {
  const [images, , dim] = tokens.shape;
  return tf.reshape(tf.slice(tokens, [0, 0, 0], [images, 1, dim]), [images, dim]);
};

/** Numbers of the masked patches among those of all images, in order, int32 `[masked]`. */
function maskedRows(mask: tf.Tensor2D, masked: number): tf.Tensor1D {
  // Falling keys put the ones first and in order.
  const keys = tf.mul(tf.reshape(mask, [-1]), tf.range(mask.size, 0, -1));
  return tf.topk(keys as tf.Tensor1D, masked).indices;
}

/** Tokens of patches by their numbers among those of all images, `[rows, dim]`. */
function patchesAt(tokens: tf.Tensor3D, prefix: number, rows: tf.Tensor1D): tf.Tensor2D {
  const [images, length, dim] = tokens.shape;
  const patches = tf.slice(tokens, [0, prefix, 0], [images, length - prefix, dim]);
  return takeRows(tf.reshape(patches, [-1, dim]) as tf.Tensor2D, rows) as tf.Tensor2D;
}

/** The mask with so many images below that are not masked. */
const padded = (mask: tf.Tensor2D, images: number): tf.Tensor2D =>
  images === 0
    ? mask
    : (tf.pad(mask, [
        [0, images],
        [0, 0],
      ]) as tf.Tensor2D);
