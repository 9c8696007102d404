import { DataError, InvalidOptionError, type NdArray } from '@selfsup/ssl-core';
import { openRegularFile } from '@selfsup/ssl-core/files';
import { type InferenceSession, loadRuntime } from '@selfsup/ssl-runtime';
import { engineThreads } from '@selfsup/ssl-tensor';
import { dataElsewhere } from './data-elsewhere.js';
import type { OnnxValue } from './onnx-values.js';

/** A tensor that goes in. */
export interface OnnxInput {
  readonly type: 'float32' | 'uint8';
  readonly data: Float32Array | Uint8Array;
  readonly shape: readonly number[];
}

const where = 'OnnxEncoder';

/** A session of ONNX Runtime on the CPU over a file that a stranger may have made. */
export class OnnxGraph {
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly #session: InferenceSession;
  readonly #path: string | undefined;
  #isReleased = false;

  private constructor(session: InferenceSession, path: string | undefined) {
    this.#session = session;
    this.#path = path;
    this.inputs = session.inputMetadata;
    this.outputs = session.outputMetadata;
  }

  /**
   * @param source path of a file, or its bytes
   * @throws DataError for what is no file, too large, or nothing that the runtime can run
   */
  static async open(
    source: string | Uint8Array,
    { maxBytes, threads = engineThreads() }: { readonly maxBytes: number; readonly threads: number | undefined },
  ): Promise<{ readonly graph: OnnxGraph; readonly bytes: Uint8Array }> {
    const path = typeof source === 'string' ? source : undefined;
    const bytes = await bytesOf(source, maxBytes);
    const place = path === undefined ? {} : { path };
    const elsewhere = dataElsewhere(bytes);
    if (elsewhere !== undefined)
      throw new DataError(
        `has the data of ${elsewhere} in another file, which is not read; save the model as one file (onnx.save_model with save_as_external_data=False)`,
        place,
      );
    try {
      const session = await loadRuntime().InferenceSession.create(bytes, {
        executionProviders: ['cpu'],
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        executionMode: 'sequential',
        graphOptimizationLevel: 'all',
        enableMemPattern: false,
        // What goes wrong is thrown.
        logSeverityLevel: 4,
        extra: { session: { set_denormal_as_zero: '1', force_spinning_stop: '1' } },
      });
      return { graph: new OnnxGraph(session, path), bytes };
    } catch (cause) {
      throw new DataError(`is no ONNX file that the runtime can run: ${(cause as Error).message.trim()}`, {
        ...place,
        cause,
      });
    }
  }

  /**
   * @param outputs names of what is wanted, in that order
   * @throws DataError for what the runtime refuses, and for results that are not float32
   */
  async run(input: string, value: OnnxInput, outputs: readonly string[]): Promise<NdArray<Float32Array>[]> {
    if (this.#isReleased) throw new InvalidOptionError(where, 'encoder', 'one that was not closed', 'a closed one');
    const { Tensor } = loadRuntime();
    const place = this.#path === undefined ? {} : { path: this.#path };
    const feed = new Tensor(value.type as 'float32', value.data as Float32Array, value.shape);
    let results: InferenceSession.OnnxValueMapType;
    try {
      results = await this.#session.run({ [input]: feed }, [...outputs]);
    } catch (cause) {
      const shape = value.shape.join(', ');
      throw new DataError(`does not run on ${value.type} [${shape}]: ${(cause as Error).message.trim()}`, {
        ...place,
        cause,
      });
    }
    return outputs.map((name) => {
      const { data, dims, type } = results[name]!;
      if (!(data instanceof Float32Array)) throw new DataError(`output '${name}' is ${type}, not float32`, place);
      return { data, shape: dims };
    });
  }

  async release(): Promise<void> {
    if (this.#isReleased) return;
    this.#isReleased = true;
    await this.#session.release();
  }
}

async function bytesOf(source: string | Uint8Array, maxBytes: number): Promise<Uint8Array> {
  if (source instanceof Uint8Array) {
    if (source.length > maxBytes) throw new DataError(`has ${source.length} bytes, more than the limit of ${maxBytes}`);
    return source;
  }
  if (typeof source !== 'string') throw new InvalidOptionError(where, 'source', 'a path or bytes', source);
  const file = await openRegularFile(source, { maxBytes });
  try {
    return await file.readFile();
  } finally {
    await file.close();
  }
}
