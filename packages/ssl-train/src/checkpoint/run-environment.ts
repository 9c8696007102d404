import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { printable } from '@selfsup/ssl-core';
import { moduleFile } from '@selfsup/ssl-core/files';
import { runtimeVersion } from '@selfsup/ssl-tensor';
import { version_core } from '@tensorflow/tfjs-core';

/** What a run computes with: where it differs, the last digits of results may. */
export interface RunEnvironment {
  /** Of the compiled step: `cpu`. */
  readonly device: string;
  /** Of the CPU engine. */
  readonly threads: number;
  readonly platform: string;
  readonly cpu: string;
  /** By name: node, onnxruntime-node, this project's packages. */
  readonly versions: Readonly<Record<string, string>>;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether a value of a checkpoint is one. */
export function isRunEnvironment(value: unknown): value is RunEnvironment {
  return (
    isRecord(value) &&
    ['device', 'platform', 'cpu'].every((name) => typeof value[name] === 'string') &&
    Number.isSafeInteger(value['threads']) &&
    (value['threads'] as number) > 0 &&
    isRecord(value['versions']) &&
    Object.values(value['versions']).every((version) => typeof version === 'string')
  );
}

/** Version of an installed package as another one sees it, undefined where it cannot be told. */
function versionOf(require: NodeJS.Require, name: string): string | undefined {
  try {
    return (require(`${name}/package.json`) as { version?: string }).version;
  } catch {
    return undefined;
  }
}

function versions(): Record<string, string> {
  const own = createRequire(moduleFile(import.meta));
  const found: Record<string, string | undefined> = {
    node: process.versions.node,
    '@tensorflow/tfjs-core': version_core,
    ...Object.fromEntries(
      ['@selfsup/ssl-train', '@selfsup/ssl-nn', '@selfsup/ssl-tensor'].map((name) => [name, versionOf(own, name)]),
    ),
    'onnxruntime-node': runtimeVersion(),
  };
  return Object.fromEntries(Object.entries(found).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** The environment of this process. */
export function runEnvironment(device: string, threads: number): RunEnvironment {
  return {
    device,
    threads,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    versions: versions(),
  };
}

/** What differs between two environments, each as 'name was this, is that'. */
export function environmentChanges(was: RunEnvironment, is: RunEnvironment): readonly string[] {
  const flat = ({ versions: list, ...rest }: RunEnvironment): Map<string, string> =>
    new Map([...Object.entries(rest), ...Object.entries(list)].map(([name, value]) => [name, String(value)]));
  const [before, now] = [flat(was), flat(is)];
  return [...new Set([...before.keys(), ...now.keys()])]
    .filter((name) => before.get(name) !== now.get(name))
    .map((name) => printable(`${name} was ${before.get(name) ?? 'not recorded'}, is ${now.get(name) ?? 'not known'}`));
}
