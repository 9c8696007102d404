import type { JsonValue } from '@selfsup/ssl-train';
import type { EncoderTeacher } from '../methods/distillation/teacher.js';

/**
 * What a method copies: the folder of a run of `pretrain`, its `encoder.safetensors` or `encoder.onnx`, or any encoder with
 * the statistics of its pixels.
 */
export type PretrainTeacher = string | EncoderTeacher;

/** A teacher that is there. */
export interface OpenedTeacher {
  readonly teacher: EncoderTeacher;
  /** What a run that goes on has to have again. */
  readonly settings: JsonValue;
  /** Lines that open it, which declare `teacher`, and what they import of this package. */
  readonly lines: readonly string[];
  readonly imports: readonly string[];
}
