import { exportOnnx, type ExportOnnxOptions } from '@selfsup/ssl-tensor';
import * as tf from '@tensorflow/tfjs-core';
import type { BertInputs } from '../bert/bert-inputs.js';

/** What {@link exportTextOnnx} writes. */
export interface TextOnnx extends Pick<ExportOnnxOptions, 'path' | 'modules' | 'name' | 'metadata' | 'lengthName'> {
  /** Tokens of the sequences that are computed. */
  readonly length: number;
  readonly outputName: string;
}

/** Writes a function of `input_ids` and `attention_mask`, int64 `[batch, length]`, as an ONNX file. */
export async function exportTextOnnx(
  forward: (inputs: BertInputs) => tf.Tensor,
  { length, outputName, ...options }: TextOnnx,
): Promise<void> {
  const zeros = tf.zeros([1, length], 'int32');
  const names = ['input_ids', 'attention_mask'];
  const traced = (inputIds: tf.Tensor, attentionMask: tf.Tensor): tf.Tensor => forward({ inputIds, attentionMask });
  try {
    await exportOnnx(traced as (...inputs: never[]) => unknown, [zeros, zeros], {
      ...options,
      inputNames: names,
      int64Inputs: names,
      outputNames: [outputName],
    });
  } finally {
    zeros.dispose();
  }
}
