import { sampledUpdate } from './sampled-update.js';
import { sampledWasm } from './sampled-wasm.js';

/** Numbers in a row come in such blocks; what is beyond the width stays 0. */
const block = 8;
const pageBytes = 65_536;
/** Bytes that WebAssembly can address; larger tables are updated in JavaScript. */
const mostPages = 65_536;

/** Vectors, output rows and what an update needs, in one memory; places are those of its numbers. */
export interface SampledMemory {
  readonly floats: Float32Array;
  /** Numbers from one row to the next. */
  readonly stride: number;
  /** Where the output rows begin; the vectors begin at 0. */
  readonly outputs: number;
  /** A row for the mean of a window. */
  readonly hidden: number;
  /** The row that {@link update} writes. */
  readonly error: number;
  /** Rows to tell: the word that is there, then those drawn. */
  readonly targets: Int32Array;
  /** `sampledUpdate` with the row at `hidden`. */
  readonly update: (hidden: number, count: number, rate: number) => void;
  /** `to += scale * from`, of rows. */
  readonly add: (to: number, from: number, scale: number) => void;
}

/** Memory for `words` vectors of `dim` numbers, all 0, and `negatives` words drawn beside each. */
export function sampledMemory(words: number, dim: number, negatives: number): SampledMemory {
  const stride = Math.ceil(dim / block) * block;
  const places = { stride, outputs: words * stride, hidden: 2 * words * stride, error: (2 * words + 1) * stride };
  const size = (2 * words + 2) * stride;
  const pages = Math.ceil((4 * (size + negatives + 1)) / pageBytes);
  return pages <= mostPages
    ? inWasm(places, size, negatives, pages)
    : { ...places, ...inJavaScript(places, new Float32Array(size), new Int32Array(negatives + 1)) };
}

type Places = Pick<SampledMemory, 'stride' | 'outputs' | 'hidden' | 'error'>;
type Rest = Omit<SampledMemory, keyof Places>;

function inWasm(places: Places, size: number, negatives: number, pages: number): SampledMemory {
  const { stride, outputs, error } = places;
  const { buffer, update, add } = sampledWasm(pages);
  const rowBytes = 4 * stride;
  return {
    ...places,
    floats: new Float32Array(buffer, 0, size),
    targets: new Int32Array(buffer, 4 * size, negatives + 1),
    update: (hidden, count, rate) => update(4 * hidden, rowBytes, 4 * outputs, 4 * error, 4 * size, count, rate),
    add: (to, from, scale) => add(4 * to, 4 * from, rowBytes, scale),
  };
}

/** The same without WebAssembly. */
export function inJavaScript({ stride, outputs, error }: Places, floats: Float32Array, targets: Int32Array): Rest {
  const [rows, sums] = [floats.subarray(outputs), floats.subarray(error, error + stride)];
  return {
    floats,
    targets,
    update: (hidden, count, rate) => sampledUpdate(floats, hidden, rows, targets, count, stride, rate, sums),
    add: (to, from, scale) => {
      for (let i = 0; i < stride; i++) floats[to + i]! += scale * floats[from + i]!;
    },
  };
}
