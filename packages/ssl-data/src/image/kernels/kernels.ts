import { DataError } from '@selfsup/ssl-core';
import { blurColumns, blurRows } from './blur-kernels.js';
import { blendLevels, blendWithGrey, mirrorRows, sumOfGrey, toGrey } from './color-kernels.js';
import { turnHue } from './hue-kernel.js';
import { resizeColumns, resizeRows } from './resize-kernels.js';
import { wasmModule } from './wasm-module.js';

const functions = {
  blendLevels,
  blendWithGrey,
  blurColumns,
  blurRows,
  mirrorRows,
  resizeColumns,
  resizeRows,
  sumOfGrey,
  toGrey,
  turnHue,
} as const;

/** The kernels by name; all their parameters but the `f32` ones are integers, pointers into {@link Workspace.bytes}. */
type Kernels = Readonly<Record<keyof typeof functions, (...parameters: readonly number[]) => number>>;

/** Kernels with the memory that they work in, one per thread: views run one after the other. */
export interface Workspace {
  readonly kernels: Kernels;
  readonly bytes: Uint8Array;
  /** The same memory as integers. */
  readonly words: Int32Array;
}

/** Bytes that a kernel may read or write beyond its data. */
export const slack = 16;

/** The next address at which a vector or a table may begin. */
export const aligned = (address: number): number => Math.ceil(address / 16) * 16;

interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** What is used of the engine's WebAssembly; Node's declarations leave it out, and those of browsers bring a window. */
interface WebAssemblyApi {
  readonly Memory: new (size: { readonly initial: number }) => Memory;
  readonly Module: new (binary: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: { readonly host: { readonly memory: Memory } },
  ) => { readonly exports: unknown };
}

const { WebAssembly: engine } = globalThis as unknown as { readonly WebAssembly: WebAssemblyApi };
const page = 65536;
let memory: Memory | undefined;
let workspace: Workspace | undefined;

/** Bytes that the kernels may work in at most, per thread. */
const maxWorkspace = 2 ** 31 - page;

function tooLarge(size: number, cause?: unknown): DataError {
  return new DataError(
    `the picture is too large for this view: it takes ${Math.ceil(size / 2 ** 20)} MiB to work in, of at most ${Math.floor(maxWorkspace / 2 ** 20)}; crop or resize it first, or decode with resize or maxPixels`,
    { cause },
  );
}

/**
 * The kernels and at least `size` bytes of unspecified content, valid until the next call. Throws DataError for more than
 * there is.
 *
 * They are WebAssembly with 128-bit vectors, assembled when first asked for: several times as fast as what the engine
 * makes of loops over typed arrays (docs/performance.md).
 */
export function reserve(size: number): Workspace {
  memory ??= new engine.Memory({ initial: 1 });
  const missing = size - memory.buffer.byteLength;
  if (workspace !== undefined && missing <= 0) return workspace;
  if (size > maxWorkspace) throw tooLarge(size);
  try {
    if (missing > 0) memory.grow(Math.ceil(missing / page));
  } catch (cause) {
    throw tooLarge(size, cause);
  }
  const kernels = workspace?.kernels ?? instantiate(memory);
  workspace = { kernels, bytes: new Uint8Array(memory.buffer), words: new Int32Array(memory.buffer) };
  return workspace;
}

function instantiate(shared: Memory): Kernels {
  const module = new engine.Module(wasmModule(Object.values(functions)));
  return new engine.Instance(module, { host: { memory: shared } }).exports as Kernels;
}
