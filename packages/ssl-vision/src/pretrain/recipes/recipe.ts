import type { OptionNames, RandomKey } from '@selfsup/ssl-core';
import type { ModuleView, View } from '@selfsup/ssl-data';
import type { Encoder } from '@selfsup/ssl-nn';
import type { JsonValue, Method, ParameterGroup, RunConfig } from '@selfsup/ssl-train';
import type { BackboneName } from '../../encoders/registry.js';
import type { MultiViewBatch } from '../../methods/simclr/simclr.js';
import type { EncoderArchitecture } from '../architecture.js';
import type { OpenedTeacher } from '../opened-teacher.js';

/** A call that makes views. */
export interface ViewsCall {
  readonly name: string;
  readonly options: JsonValue;
  /** Calls of it, whose views follow each other. Default 1. */
  readonly times?: number;
  /** That each view goes through after. */
  readonly around?: string;
}

/** Recipes of a run's views, and how they are written. */
export interface ChosenViews {
  readonly views: readonly (View | ModuleView)[];
  /** The call of @selfsup/ssl-data that makes them; nothing where they are the caller's. */
  readonly call?: ViewsCall;
}

/** What views are chosen by. */
export interface ViewFacts {
  readonly channels: number;
  /** Side of the pictures, pixels. */
  readonly imageSize: number;
  /** Of an encoder that cuts pictures into patches, pixels. */
  readonly patchSize: number | undefined;
}

/** What a method's options are chosen by. */
export interface RunFacts {
  /** Pictures. */
  readonly count: number;
  readonly backbone: BackboneName;
  readonly batchSize: number;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  /** Side of the pictures, pixels. */
  readonly imageSize: number;
  /** Of an encoder that cuts pictures into patches, pixels. */
  readonly patchSize: number | undefined;
}

/** A choice, and why. */
export interface Reasoned<T> {
  readonly value: T;
  readonly why: string;
}

/** What a method is built from. */
export interface MethodParts<C> {
  readonly architecture: EncoderArchitecture;
  /** Builds the architecture. */
  readonly encoder: () => Encoder;
  readonly options: C;
  /** The run's. */
  readonly key: RandomKey;
  readonly normalize: { readonly mean: readonly number[]; readonly std: readonly number[] };
  /** Side of the pictures, pixels. */
  readonly imageSize: number;
  readonly channels: number;
  /** Of a method that wants one. */
  readonly teacher?: OpenedTeacher;
}

/** A method, ready to train. */
export interface BuiltMethod {
  readonly method: Method<MultiViewBatch, string> & { readonly modules: { readonly backbone: Encoder } };
  /** The encoder to keep: the one that the paper evaluates. */
  readonly encoder: Encoder;
  /** Groups of parameters for the optimiser, where they are not one. */
  readonly groups?: (learningRate: number) => readonly ParameterGroup[];
}

/** The lines of a program that build the same. */
export interface WrittenMethod {
  /** Names of @selfsup/ssl-vision. */
  readonly imports: readonly string[];
  /** They declare `method`, by `key`. */
  readonly lines: readonly string[];
  /** The encoder to keep. */
  readonly encoder: string;
  /** What is given to the optimiser. */
  readonly groups: string;
}

/** All that `pretrain` knows of one method: adding one is a file such as this and a line of the table. */
export interface Recipe<C extends object> {
  /** Names of the options that a caller may choose. */
  readonly choices: OptionNames<C>;
  /** Encoder for pictures of a side, where the caller names none. */
  usualBackbone(imageSize: number): Reasoned<BackboneName>;
  /** Set where vision transformers alone can be trained: what they have beside, and whether layer scale is not for it. */
  readonly transformers?: { readonly options: RunConfig; readonly plain?: true };
  /** Set where the method wants maps whose mean the features are: of ResNets and the small encoder alone. */
  readonly maps?: true;
  /** Set where the method learns from classes, which the pictures must have. */
  readonly classes?: true;
  /** Set where the method copies a teacher, which has to be given. */
  readonly teacher?: true;
  /** What a step takes for one picture, in forward passes. */
  readonly passes: number;
  /** Highest rate of AdamW for batches of 128. */
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Norm that all gradients together may have. Default: any. */
  readonly clipNorm?: number;
  /** The views, where the caller gives none. */
  views(facts: ViewFacts): ChosenViews;
  /** Options for small pictures and batches, where the caller gives none, and why; without why they are none. */
  preset?(facts: RunFacts): Reasoned<C>;
  build(parts: MethodParts<C>): BuiltMethod;
  write(
    parts: Omit<MethodParts<C>, 'encoder' | 'options' | 'key'> & {
      readonly options: RunConfig;
      readonly learningRate: number;
    },
  ): WrittenMethod;
}
