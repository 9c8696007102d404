import { describe, expect, expectTypeOf, it } from 'vitest';
import { InvalidOptionError } from '../errors/invalid-option-error.js';
import { randomKey, type RandomKey } from '../random/random-key.js';
import { checkOptions, type KnownOptions } from './check-options.js';
import type { OptionNames } from './option-names.js';

interface LossOptions {
  readonly temperature?: number;
  readonly views: number;
  readonly mask: number | undefined;
}
const known: OptionNames<LossOptions> = {
  temperature: 'optionalNumber',
  views: 'requiredNumber',
  mask: 'optionalNumber',
};

const messageOf = (options: unknown, option?: string): string => {
  try {
    checkOptions('loss', options as object, known, option);
  } catch (error) {
    if (InvalidOptionError.isInstance(error)) return error.message;
    throw error;
  }
  return 'accepted';
};

describe('accepts', () => {
  class Base {
    readonly views = 2;
    readonly #secret = 1;
    get secret(): number {
      return this.#secret;
    }
  }
  it.each<readonly [string, unknown]>([
    ['all options', { temperature: 1, views: 2, mask: 1 }],
    ['the required one alone', { views: 2 }],
    ['undefined for an optional one', { views: 2, temperature: undefined, mask: undefined }],
    ['a record without prototype', Object.assign(Object.create(null) as object, { views: 2 })],
    ['inherited options', Object.create({ views: 2 })],
    ['an instance of a class', new Base()],
    ['a symbol beside', { views: 2, [Symbol('mine')]: 1 }],
    ['a frozen object', Object.freeze({ views: 2 })],
  ])('%s', (_, options) => {
    expect(messageOf(options)).toBe('accepted');
  });
});

describe('refuses', () => {
  it.each<readonly [string, unknown, string]>([
    [
      'a misspelt name',
      { views: 2, temprature: 0.5 },
      "loss: temprature must be a known option, got 0.5. Did you mean 'temperature'? Options are temperature, views, mask",
    ],
    ['a misspelt name without value', { views: 2, Temperature: undefined }, "Did you mean 'temperature'?"],
    ['a name like no other', { views: 2, device: 'cuda' }, "device must be a known option, got 'cuda'. Options are"],
    ['a name of every object', { views: 2, toString: 1 }, 'toString must be a known option'],
    ['an own __proto__', JSON.parse('{"views": 2, "__proto__": 1}'), '__proto__ must be a known option'],
    ['a misspelt required name, by its misspelling', { view: 2 }, 'view must be a known option, got 2. Did you mean'],
    ['a required one that is missing', {}, 'loss: views must be given, got undefined'],
    ['a required one that is undefined', { views: undefined }, 'loss: views must be given, got undefined'],
    ['an inherited misspelling', Object.create({ views: 2, maks: 1 }), "Did you mean 'mask'?"],
    ['nothing', undefined, 'loss: options must be an object of options, got undefined. Options are temperature'],
    ['null', null, 'got null'],
    ['a number', 0.5, 'got 0.5'],
    ['text', 'mean', "got 'mean'"],
    ['a list', [2], 'got 2'],
    ['an empty list', [], 'got an empty array'],
    ['a map', new Map([['views', 2]]), 'got a Map'],
    ['a promise', Promise.resolve({ views: 2 }), 'got a promise (is an await missing?)'],
    ['typed numbers', new Float32Array(3), 'got a Float32Array of 3'],
    ['a function', Math.max, 'got the function max'],
  ])('%s', (_, options, message) => {
    expect(messageOf(options)).toContain(message);
  });

  it('names the object that the option is part of', () => {
    expect(messageOf({ views: 2, masc: 1 }, 'inner')).toContain('loss: inner.masc must be a known option, got 1');
    expect(messageOf({}, 'inner')).toContain('loss: inner.views must be given');
    expect(messageOf(3, 'inner')).toContain('loss: inner must be an object of options, got 3');
  });
});

it('returns what is given, without what is undefined', () => {
  const options = { views: 2, temperature: 1 };
  expect(checkOptions('loss', options, known)).toBe(options);
  const defaults = { temperature: 0.5, views: 3, mask: 1 };
  const given = checkOptions('loss', Object.create({ views: 2, temperature: undefined }) as object, known);
  expect({ ...defaults, ...given }).toEqual({ temperature: 0.5, views: 2, mask: 1 });
});

describe('a random key', () => {
  const keyed: OptionNames<{ readonly key: RandomKey; readonly range: readonly [number, number] }> = {
    key: 'requiredKey',
    range: 'required',
  };
  const perhaps: OptionNames<{ readonly key?: RandomKey }> = { key: 'optionalKey' };
  const refused = (options: object, names: KnownOptions = keyed): string => {
    try {
      checkOptions('Linear', options, names);
    } catch (error) {
      if (InvalidOptionError.isInstance(error)) return error.message;
      throw error;
    }
    return 'accepted';
  };

  it('is a pair of words, required or not', () => {
    const key = randomKey(7);
    expect(refused({ key, range: [0.5, 1] })).toBe('accepted');
    expect(refused({ key }, perhaps)).toBe('accepted');
    expect(refused({ key: undefined }, perhaps)).toBe('accepted');
    expect(refused({ range: [0, 1] })).toContain('Linear: key must be given');
  });

  it.each<readonly [unknown, RegExp]>([
    [7, /key must be a random key, got 7\. Make one of a number by randomKey\(7\)/],
    ['seed', /got 'seed'\. Make one of a number by randomKey\(seed\)/],
    [[7], /got 7\./],
    [[0.5, 1], /got 0\.5,1/],
    [[-1, 1], /got -1,1/],
    [new Uint32Array(2), /got a Uint32Array of 2/],
    [null, /got null/],
    [randomKey, /got the function randomKey/],
  ])('is not %j', (key, message) => {
    expect(refused({ key, range: [0, 1] })).toMatch(message);
    expect(refused({ key }, perhaps)).toMatch(message);
  });
});

describe('a value of another type', () => {
  interface Values {
    readonly size: number;
    readonly shuffle?: boolean;
    readonly filter?: (name: string) => boolean;
  }
  const names: OptionNames<Values> = {
    size: 'requiredNumber',
    shuffle: 'optionalFlag',
    filter: 'optionalFunction',
  };
  const refused = (options: object): string => {
    try {
      checkOptions('loader', options, names);
    } catch (error) {
      if (InvalidOptionError.isInstance(error)) return error.message;
      throw error;
    }
    return 'accepted';
  };

  it('is none', () => {
    expect(refused({ size: Number.NaN, shuffle: false, filter: Boolean })).toBe('accepted');
    expect(refused({ size: 1, shuffle: undefined, filter: undefined })).toBe('accepted');
  });

  it.each<readonly [object, string]>([
    [{ size: '128' }, "size must be a number, got '128'. Write 128, or Number(text) where it comes from outside"],
    [{ size: '1e-3 ' }, 'Write 0.001, or'],
    [{ size: 'large' }, "size must be a number, got 'large'"],
    [{ size: '' }, "size must be a number, got ''"],
    [{ size: null }, 'size must be a number, got null'],
    [{ size: 3n }, 'size must be a number, got 3'],
    [{ size: Promise.resolve(1) }, 'size must be a number, got a promise (is an await missing?)'],
    [{ size: [64, 64] }, 'size must be a number, got 64,64'],
    [{ size: Math.max }, 'size must be a number, got the function max'],
    [{ size: 1, shuffle: 'false' }, "shuffle must be true or false, got 'false'"],
    [{ size: 1, shuffle: 0 }, 'shuffle must be true or false, got 0'],
    [{ size: 1, shuffle: null }, 'shuffle must be true or false, got null'],
    [{ size: 1, filter: true }, 'filter must be a function, got true'],
    [{ size: 1, filter: ['weight'] }, 'filter must be a function, got weight'],
  ])('%#', (options, message) => {
    expect(refused(options)).toContain(message);
  });
});

describe('OptionNames', () => {
  it('has the names of every member of a union, required where each member demands them', () => {
    type Either = { readonly a: number; readonly b: number } | { readonly a: number; readonly c?: string };
    expectTypeOf<OptionNames<Either>>().toEqualTypeOf<{
      readonly a: 'requiredNumber';
      readonly b: 'optionalNumber';
      readonly c: 'optional';
    }>();
  });

  it('tells numbers, flags and functions from what may be one of several', () => {
    interface Several {
      readonly rate: number;
      readonly count?: 2 | 3;
      readonly flag?: boolean | undefined;
      readonly onEnd?: (step: number) => void;
      readonly schedule: number | ((step: number) => number);
      readonly perhaps: number | null;
      readonly name?: 'mean' | 'sum';
    }
    expectTypeOf<OptionNames<Several>>().toEqualTypeOf<{
      readonly rate: 'requiredNumber';
      readonly count: 'optionalNumber';
      readonly flag: 'optionalFlag';
      readonly onEnd: 'optionalFunction';
      readonly schedule: 'required';
      readonly perhaps: 'required';
      readonly name: 'optional';
    }>();
  });

  it('refuses a table that lacks a name, has one too many or marks one wrongly', () => {
    // @ts-expect-error mask is missing
    const lacking: OptionNames<LossOptions> = { temperature: 'optionalNumber', views: 'requiredNumber' };
    // @ts-expect-error mean is none
    const more: OptionNames<LossOptions> = { ...known, mean: 'optional' };
    // @ts-expect-error views has to be given
    const wrong: OptionNames<LossOptions> = { ...known, views: 'optionalNumber' };
    expect([lacking, more, wrong]).toHaveLength(3);
  });
});
