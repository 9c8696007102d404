import { foldIn, type RandomKey } from '@selfsup/ssl-core';
import type { Encoder, Module } from '@selfsup/ssl-nn';
import type { JsonValue, ParameterGroup, RunConfig } from '@selfsup/ssl-train';
import type { ImageStatistics } from '../../images/check-image-statistics.js';
import { written, writtenObject } from '../written.js';
import type { BuiltMethod, Recipe } from './recipe.js';

/** What a class takes beside the options that are chosen: a key for its heads, or the head. */
interface AroundEncoder {
  readonly backbone: Encoder;
  readonly normalize: ImageStatistics;
}

/** What a decoder's size goes by. */
interface PictureShape {
  /** Side, pixels. */
  readonly imageSize: number;
  readonly channels: number;
}

/** The encoder to keep. */
interface KeptEncoder<M> {
  readonly of: (method: M) => Encoder;
  readonly written: string;
}

/** A method by its class. */
interface MethodClass<C extends object, M extends BuiltMethod['method'], F extends object> {
  /** That the class is exported by. */
  readonly name: string;
  readonly make: (options: C & F & AroundEncoder & { readonly key: RandomKey }) => M;
  /** Options that the name of the method or the pictures choose, and no caller. */
  readonly fixed?: (pictures: PictureShape) => F;
  /** Where the paper evaluates another encoder than the trained one. */
  readonly kept?: KeptEncoder<M>;
  /** Parameters with rates of their own, and the call of the method that groups them. */
  readonly groups?: {
    readonly of: (method: M, learningRate: number) => readonly ParameterGroup[];
    readonly written: (learningRate: number) => string;
  };
}

/** A method whose head is made apart, of some of the options. */
interface HeadedClass<C extends object, H extends Module, M extends BuiltMethod['method']> {
  readonly name: string;
  /** `key` is for what is not the head, of a class that has such. */
  readonly make: (options: C & AroundEncoder & { readonly head: H }, key: RandomKey) => M;
  readonly head: {
    readonly name: string;
    readonly options: readonly (keyof C)[];
    readonly make: (inDim: number, options: C & { readonly key: RandomKey }) => H;
  };
  /** What the key is of, where the class takes one beside the head. */
  readonly keyOf?: string;
  /** Where the paper evaluates another encoder than the trained one. */
  readonly kept?: KeptEncoder<M>;
}

const isClass = (name: string): boolean => /^[A-Z]/.test(name);
/** A line that builds an architecture, as `backbone`. */
export const encoderLine = ({ builder, options }: { readonly builder: string; readonly options: RunConfig }): string =>
  `const backbone = ${isClass(builder) ? 'new ' : ''}${builder}(${writtenObject(options, "key: foldIn(key, 'backbone')")});`;
const keyFor = (of: string): string => `key: foldIn(key, '${of}')`;
/** The key of what stands on the encoder. */
export const headKey = keyFor('head');
const writtenStatistics = (normalize: object): string => `normalize: ${written(normalize as JsonValue)}`;
/** All parameters in one group. */
export const oneGroup = '[{ parameters: method.trainable() }]';

/** How a method is built that makes its heads from a key, and how that is written. */
export const aroundEncoder = <C extends object, M extends BuiltMethod['method'], F extends object = object>({
  name,
  make,
  fixed,
  kept,
  groups,
}: MethodClass<C, M, F>): Pick<Recipe<C>, 'build' | 'write'> => ({
  build: ({ encoder, options, key, normalize, ...pictures }) => {
    const all = { ...options, ...fixed?.(pictures) } as C & F;
    const method = make({ ...all, backbone: encoder(), key: foldIn(key, 'head'), normalize });
    return {
      method,
      encoder: kept?.of(method) ?? method.modules.backbone,
      ...(groups === undefined ? {} : { groups: (rate: number) => groups.of(method, rate) }),
    };
  },
  write: ({ architecture, options, normalize, learningRate, ...pictures }) => ({
    imports: [architecture.builder, name],
    lines: [
      encoderLine(architecture),
      `const method = new ${name}(${writtenObject('backbone', { ...options, ...fixed?.(pictures) }, headKey, writtenStatistics(normalize))});`,
    ],
    encoder: kept?.written ?? 'backbone',
    groups: groups?.written(learningRate) ?? oneGroup,
  }),
});

/** How a method is built around an encoder and a head, and how that is written. */
export const withHead = <C extends object, H extends Module, M extends BuiltMethod['method']>({
  name,
  make,
  head,
  keyOf,
  kept,
}: HeadedClass<C, H, M>): Pick<Recipe<C>, 'build' | 'write'> => {
  const parted = <O extends object>(options: O, ofHead: boolean): O =>
    Object.fromEntries(
      Object.entries(options).filter(([option]) => head.options.includes(option as keyof C) === ofHead),
    ) as O;
  return {
    build: ({ encoder, options, key, normalize }) => {
      const backbone = encoder();
      const own = head.make(backbone.featureDim, { ...parted(options, true), key: foldIn(key, 'head') });
      const all = { ...parted(options, false), backbone, head: own, normalize };
      const method = make(all, foldIn(key, keyOf ?? 'method'));
      return { method, encoder: kept?.of(method) ?? backbone };
    },
    write: ({ architecture, options, normalize }) => ({
      imports: [architecture.builder, head.name, name],
      lines: [
        encoderLine(architecture),
        `const head = new ${head.name}(backbone.featureDim, ${writtenObject(parted(options, true), headKey)});`,
        `const method = new ${name}(${writtenObject('backbone, head', parted(options, false), keyOf === undefined ? '' : keyFor(keyOf), writtenStatistics(normalize))});`,
      ],
      encoder: kept?.written ?? 'backbone',
      groups: oneGroup,
    }),
  };
};
