import { readFileSync } from 'node:fs';
import { runtimeVersion } from '@selfsup/ssl-tensor';
import { packageVersion } from './package-directory.js';

const packages = [
  '@selfsup/ssl-tensor',
  '@selfsup/ssl-nn',
  '@selfsup/ssl-losses',
  '@selfsup/ssl-data',
  '@selfsup/ssl-train',
  '@selfsup/ssl-vision',
  '@selfsup/ssl-text-mlm',
  '@selfsup/ssl-transfer',
];

/** Versions of all that can change a figure: node, the packages, the engine, TF.js. */
export function versions(): Record<string, string> {
  return {
    node: process.versions.node,
    ...Object.fromEntries(packages.map((name) => [name, packageVersion(name)])),
    'onnxruntime-node': runtimeVersion() ?? 'none',
    tfjs: packageVersion('@tensorflow/tfjs-core'),
  };
}

/** Version of this app. */
export function appVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}
