// Writes the models of exportOnnx as files, has ONNX's own checker look at them and Python's ONNX Runtime compute them, and
// compares with the modules. Makes a virtual environment with onnx and onnxruntime from PyPI: minutes.
//
//   npm run test:onnx -- [--python /path/to/python3]
//
// --python   one that has onnx, onnxruntime and numpy, in place of a new environment
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { exportOnnx } from '@selfsup/ssl-tensor';
import { repositoryRoot } from '../../tools/workspaces.js';
import { exportedModels } from './models.js';

/** What check_files.py prints. */
interface Report {
  readonly onnx: string;
  readonly onnxruntime: string;
  readonly files: readonly {
    readonly name: string;
    readonly opsets: Readonly<Record<string, number>>;
    readonly domains: readonly string[];
    readonly nodes: number;
    readonly worst: number;
  }[];
}

const { values: options } = parseArgs({ options: { python: { type: 'string' } } });
const folder = mkdtempSync(join(tmpdir(), 'ssl-onnx-'));

function call(command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status === 0) return stdout;
  console.error(`${command} ${args.join(' ')} failed: ${error?.message ?? stderr}`);
  return process.exit(1);
}

/** An interpreter with the packages. */
function pythonWithOnnx(): string {
  if (options.python !== undefined) return options.python;
  const environment = join(folder, 'venv');
  call('python3', '-m', 'venv', environment);
  const python = join(environment, 'bin', 'python');
  call(python, '-m', 'pip', 'install', '--quiet', 'onnx', 'onnxruntime', 'numpy');
  return python;
}

let arrays = 0;
function write(tensor: tf.Tensor): { file: string; type: string; shape: number[] } {
  const file = `${arrays++}.bin`;
  const values = tensor.dataSync();
  writeFileSync(join(folder, file), new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return { file, type: tensor.dtype, shape: tensor.shape };
}

try {
  const cases: { name: string; file: string; runs: object[] }[] = [];
  for (const [name, build] of Object.entries(exportedModels)) {
    const { module, inputs, options: exportOptions } = build();
    const file = `${cases.length}.onnx`;
    await exportOnnx(module, [inputs(2)], { ...exportOptions, path: join(folder, file) });
    const runs = [2, 1, 7].map((batch) => {
      const given = inputs(batch);
      const named = given instanceof tf.Tensor ? { images: given } : given;
      const output = tf.tidy(() => write(module.forward(given as never) as tf.Tensor));
      return {
        inputs: Object.fromEntries(Object.entries(named).map(([key, tensor]) => [key, write(tensor)])),
        output,
      };
    });
    cases.push({ name, file, runs });
  }
  writeFileSync(join(folder, 'cases.json'), JSON.stringify(cases));
  const script = join(repositoryRoot, 'test', 'onnx', 'check_files.py');
  const report = JSON.parse(call(pythonWithOnnx(), script, folder)) as Report;
  console.log(`onnx ${report.onnx}, its checker (full_check); onnxruntime ${report.onnxruntime} in Python`);
  const wrong = report.files.filter(
    ({ opsets, domains, worst }) => !(worst < 1e-5) || Object.keys(opsets).join() !== '' || domains.join() !== '',
  );
  for (const { name, opsets, nodes, worst } of report.files)
    console.log(`${name}: opset ${opsets['']}, ${nodes} nodes, largest difference ${worst.toExponential(1)}`);
  for (const { name } of wrong) console.error(`${name}: vendor ops, or a difference above 1e-5`);
  if (wrong.length > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
