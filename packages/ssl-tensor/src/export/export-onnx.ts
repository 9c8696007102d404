import type * as tf from '@tensorflow/tfjs-core';
import { checkOptions, InvalidOptionError } from '@selfsup/ssl-core';
import { registerSslBackend } from '../backend/register-backend.js';
import { typedValues } from '../backend/typed-values.js';
import { settled } from '../compile/compile.js';
import { type LeafSpec, recordFunction, RecordedTensor } from '../compile/run-trace.js';
import { flattenArguments } from '../compile/signature.js';
import { ExportError } from '../errors/export-error.js';
import { rewrite } from '../graph/rewrite.js';
import type { Value } from '../graph/value.js';
import { isFixed, sizesThrough, sizeText } from './batch-size.js';
import { checkRecording } from './check-recording.js';
import { encodeFile, type Port, type Weight } from './encode-file.js';
import { type ExportableModule, type ExportOnnxOptions, exportOnnxOptionNames } from './export-options.js';
import { checkedNames, isInputLeaf, namedLeaves } from './named-leaves.js';
import { type NormalizedInput, normalizedInput } from './normalized-input.js';
import { openBatch } from './open-batch.js';
import type { OpenLength } from './open-length.js';
import { freeName, isExportableModule, weightNames } from './weight-names.js';
import { withoutVendorOps } from './without-vendor-ops.js';

const where = 'exportOnnx';

/** Batch sizes that no other size of a model is likely to be, so that no two sizes are mixed up. */
const probes = [11, 13, 17] as const;

/**
 * Writes a function of tensors, or the forward pass of a Module in inference, as an ONNX file of standard ops (opset 20,
 * domain `''` alone), which any runtime reads. Variables that it reads become the file's initializers, a Module's under the
 * names of its state dict, as they lie in memory: a convolution `[height, width, in, out]`, a linear layer `[in, out]`.
 *
 * The first axis of the inputs is open (`dynamicBatch`): the function is traced at three batch sizes, and what differs is
 * computed of the size in the file. JavaScript that goes other ways at other batch sizes than these is not seen.
 *
 * @param inputs the arguments of a call, as compile() takes them: tensors, host arrays and records of them, of which shapes
 *   and types count; numbers, strings and booleans are fixed in the file
 * @returns the file's bytes
 * @throws ExportError naming the op for what a file cannot hold (training, random numbers, host calls, more than 2 GiB) or
 *   cannot leave open; UnsupportedOpError as compile(); InvalidOptionError for names and options that do not fit; DataError
 *   when the file cannot be written
 *
 * @example
 * await exportOnnx(encoder, [tf.zeros([1, 32, 32, 3])], { path: 'encoder.onnx', inputNames: ['images'], normalize: cifar10Statistics });
 */
export async function exportOnnx(
  model: ExportableModule | ((...inputs: never[]) => unknown),
  inputs: readonly unknown[],
  options: ExportOnnxOptions = {},
): Promise<Uint8Array> {
  checkOptions(where, options, exportOnnxOptionNames);
  const { path, dynamicBatch = true, batchName = 'batch', lengthName, fixedInputs = [], int64Inputs = [] } = options;
  const { metadata = {}, modules = {} } = options;
  // Only where there are files: on a page the bytes are what is wanted.
  const files = path === undefined ? undefined : await import('@selfsup/ssl-core/files');
  files?.checkPath(where, 'path', path!);
  if (!Array.isArray(inputs))
    throw new InvalidOptionError(where, 'inputs', 'the list of arguments of a call, such as [images]', inputs);
  const isModule = isExportableModule(model);
  if (!isModule && typeof model !== 'function')
    throw new InvalidOptionError(where, 'model', 'a Module with a forward, or a function of tensors', model);
  checkTexts({ batchName, ...(lengthName === undefined ? {} : { lengthName }), ...metadata });
  const run = isModule
    ? (...args: never[]): unknown => model.forward(...args)
    : (model as (...args: never[]) => unknown);
  const flat = flattenArguments(where, inputs);
  const inputNames = checkedNames('inputNames', options.inputNames, namedLeaves(inputs, isInputLeaf, 'input'));
  for (const name of fixedInputs)
    if (!inputNames.includes(name))
      throw new InvalidOptionError(where, 'fixedInputs', `names of inputs (${inputNames.join(', ')})`, name);
  const integers = inputNames.filter((_, index) => flat.specs[index]!.type === 'int32');
  for (const name of int64Inputs)
    if (!integers.includes(name))
      throw new InvalidOptionError(where, 'int64Inputs', `names of int32 inputs (${integers.join(', ')})`, name);
  const normalized =
    options.normalize === undefined ? undefined : normalizedInput(options.normalize, inputNames, flat.specs);
  const isOpen = flat.specs.map(
    ({ shape }, index) => dynamicBatch && shape.length > 0 && !fixedInputs.includes(inputNames[index]!),
  );
  checkBatches(flat.specs, isOpen, inputNames);
  const length = lengthName === undefined ? undefined : lengthOf(flat.specs, lengthName, batchName);

  // What compiled functions still have to assign comes first.
  await settled();
  const names = weightNames({ ...(isModule ? { '': model } : {}), ...modules });
  const batches: readonly number[] = isOpen.includes(true) ? probes : [];
  const trace = (batch: number | undefined): Trace => {
    const specs = flat.specs.map(({ shape, type }, index): LeafSpec => ({
      shape: batch !== undefined && isOpen[index]! ? [batch, ...shape.slice(1)] : shape,
      type: index === normalized?.index ? 'uint8' : int64Inputs.includes(inputNames[index]!) ? 'int64' : type,
    }));
    return traceOnce((tensors) => run(...(flat.rebuild(tensors) as never[])), specs, normalized, names);
  };
  const traces = batches.length === 0 ? [trace(undefined)] : traceAll(trace, batches);
  const [first] = traces as readonly [Trace];
  const outputNames = checkedNames('outputNames', options.outputNames, first.outputNames, inputNames);

  const opened =
    batches.length === 0
      ? first
      : openBatch({
          graph: first.graph,
          traces: traces.map(({ outputs }) => outputs),
          batches,
          input: `a${isOpen.indexOf(true)}`,
        });
  const graph = {
    graph: opened.graph,
    outputs: new Map([...opened.outputs.values()].map((value, index) => [outputNames[index]!, value])),
  };
  const sizesOf = (values: readonly Value[], name: string): readonly (number | string)[] => {
    const sizes = sizesThrough(
      values.map(({ shape }) => shape),
      batches.length === 0 ? [1] : batches,
    );
    const isComputed =
      values[0]!.producer !== undefined || graph.graph.inputs.some((input) => input.name === values[0]!.name);
    if (sizes === undefined || (!isComputed && !sizes.every(isFixed)))
      throw new ExportError(
        `the result '${name}'`,
        'has a size that is not in proportion to the batch size',
        'Pass dynamicBatch: false, or return what is',
      );
    return sizes.map((size) => sizeText(size, batchName));
  };
  const results = [...graph.outputs].map(([name, value], index): Port => {
    const all = traces.map(({ outputs }) => [...outputs.values()][index]!);
    return { name, value, sizes: sizesOf(all, name) };
  });
  const byName = new Map(graph.graph.inputs.map((value) => [value.name, value]));
  const ports = inputNames.map((name, index): Port => {
    const value = byName.get(`a${index}`)!;
    return { name, value, sizes: isOpen[index]! ? [batchName, ...value.shape.slice(1)] : value.shape };
  });
  const taken = new Set([...inputNames, ...outputNames]);
  const weights = [...first.states].map(([variable, { name, type }]): Weight => ({
    name: freeName(names.get(variable) ?? variable.name, taken),
    value: byName.get(name)!,
    data: typedValues(variable.dataSync(), type).slice(),
  }));
  const bytes = encodeFile(graph, ports, results, weights, {
    name: options.name ?? 'model',
    doc: options.doc ?? '',
    metadata: { ...normalized?.metadata, ...metadata },
    ...(length === undefined ? {} : { length }),
  });
  await files?.writeWhole(path!, bytes);
  return bytes;
}

/** A trace without vendor ops. */
interface Trace {
  readonly graph: ReturnType<typeof rewrite>['graph'];
  readonly outputs: ReadonlyMap<string, Value>;
  readonly outputNames: readonly string[];
  readonly states: ReadonlyMap<tf.Variable, Value>;
}

function traceOnce(
  run: (tensors: readonly tf.Tensor[]) => unknown,
  specs: readonly LeafSpec[],
  normalized: NormalizedInput | undefined,
  names: ReadonlyMap<tf.Variable, string>,
): Trace {
  const recording = recordFunction(
    registerSslBackend(),
    'portable',
    specs,
    (tensors) => run(tensors.map((tensor, index) => (index === normalized?.index ? normalized.apply(tensor) : tensor))),
    {},
  );
  const isTensor = (value: unknown): value is RecordedTensor => value instanceof RecordedTensor;
  const outputs = new Map<string, Value>();
  const outputNames = namedLeaves(recording.result, isTensor, 'output');
  const collect = (tree: unknown): void => {
    if (isTensor(tree)) outputs.set(String(outputs.size), tree.value);
    else if (typeof tree === 'object' && tree !== null) Object.values(tree).forEach(collect);
  };
  collect(recording.result);
  checkRecording(recording, outputs.values(), (variable) => names.get(variable) ?? variable.name);
  if (outputs.size === 0)
    throw new ExportError(
      'the function',
      'returns no tensor',
      'Return the results, as a tensor or a record of tensors',
    );
  return { ...rewrite(recording.trace.graph, outputs, withoutVendorOps), outputNames, states: recording.trace.states };
}

/** The traces at all batch sizes; what a function throws at one of them, it may not throw at that of its example. */
function traceAll(trace: (batch: number | undefined) => Trace, batches: readonly number[]): readonly Trace[] {
  try {
    return batches.map(trace);
  } catch (cause) {
    if (ExportError.isInstance(cause)) throw cause;
    // What fails at the batch size of the example as well has nothing to do with it.
    trace(undefined);
    throw new ExportError(
      'the function',
      `cannot be traced at other batch sizes: ${(cause as Error).message}`,
      'Pass dynamicBatch: false, or name the inputs without a batch in fixedInputs',
      undefined,
      { cause },
    );
  }
}

function checkBatches(specs: readonly LeafSpec[], isOpen: readonly boolean[], names: readonly string[]): void {
  const open = specs
    .map(({ shape }, index) => ({ size: shape[0], name: names[index]! }))
    .filter((_, index) => isOpen[index]);
  const other = open.find(({ size }) => size !== open[0]!.size);
  if (other === undefined) return;
  throw new InvalidOptionError(
    where,
    'inputs',
    `of one batch size, as '${open[0]!.name}' of ${open[0]!.size}`,
    `'${other.name}' of ${other.size}`,
    'Name the inputs whose first axis is no batch in fixedInputs',
  );
}

/** The length that is open: the second axis of the first input that has one. */
function lengthOf(specs: readonly LeafSpec[], name: string, batchName: string): OpenLength {
  if (name === batchName)
    throw new InvalidOptionError(where, 'lengthName', `another name than the batch's, '${batchName}'`, name);
  const size = specs.find(({ shape }) => shape.length >= 2)?.shape[1];
  if (size === undefined)
    throw new InvalidOptionError(where, 'lengthName', 'left out where no input has a second axis', name);
  return { name, size };
}

const axisNames: readonly string[] = ['batchName', 'lengthName'];

function checkTexts(texts: Readonly<Record<string, unknown>>): void {
  for (const [name, text] of Object.entries(texts))
    if (typeof text !== 'string' || (axisNames.includes(name) && text === ''))
      throw new InvalidOptionError(where, axisNames.includes(name) ? name : `metadata.${name}`, 'a text', text);
}
