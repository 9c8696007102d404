import { checkChoice, checkInteger, checkOptions, checkPositive, type OptionNames } from '@selfsup/ssl-core';
import { backbones, type BackboneName } from '../../encoders/registry.js';

/** What the features are for. */
export type Goal = 'classification' | 'retrieval' | 'dense' | 'fine-tuning';

/** Goals, as one names them. */
export const goals: readonly Goal[] = ['classification', 'retrieval', 'dense', 'fine-tuning'];

/** What a method is chosen by. */
export interface TaskFacts {
  /** Pictures to pretrain on. */
  readonly images: number;
  /** Median of their shorter sides, pixels. */
  readonly imageSize: number;
  /** Default 3. */
  readonly channels?: number;
  /** Default: what `pretrain` takes. */
  readonly batchSize?: number;
  /** Bytes that training may take. */
  readonly memory?: number;
  /** Minutes that it may take. */
  readonly minutes?: number;
  /** Pictures with a class; as many as `images` where all have one. Default 0. */
  readonly labels?: number;
  /** Default: what `pretrain` takes for the method. */
  readonly backbone?: BackboneName;
  /**
   * `classification`: a linear layer on frozen features. `retrieval`: neighbours. `dense`: features of places, for
   * segmentation and detection. `fine-tuning`: all of the encoder is trained after. Default `classification`.
   */
  readonly goal?: Goal;
  /** Of the machine that trains. Default: this one's. */
  readonly cores?: number;
}

const taskFactNames: OptionNames<TaskFacts> = {
  images: 'requiredNumber',
  imageSize: 'requiredNumber',
  channels: 'optionalNumber',
  batchSize: 'optionalNumber',
  memory: 'optionalNumber',
  minutes: 'optionalNumber',
  labels: 'optionalNumber',
  backbone: 'optional',
  goal: 'optional',
  cores: 'optionalNumber',
};

/** @throws InvalidOptionError for facts that cannot be */
export function checkTaskFacts(facts: TaskFacts): TaskFacts {
  const where = 'chooseMethod';
  const given = checkOptions(where, facts, taskFactNames);
  const { images, imageSize, channels = 3, batchSize, memory, minutes, labels = 0, backbone, goal, cores } = given;
  checkInteger(where, 'images', images, 2);
  checkInteger(where, 'imageSize', imageSize, 1);
  checkInteger(where, 'channels', channels, 1);
  checkInteger(where, 'labels', labels, 0, images);
  if (batchSize !== undefined) checkInteger(where, 'batchSize', batchSize, 2, images);
  if (memory !== undefined) checkPositive(where, { memory });
  if (minutes !== undefined) checkPositive(where, { minutes });
  if (backbone !== undefined) checkChoice(where, 'backbone', backbone, Object.keys(backbones));
  if (goal !== undefined) checkChoice(where, 'goal', goal, goals);
  if (cores !== undefined) checkInteger(where, 'cores', cores, 1);
  return given;
}
