import type { JsonValue } from '../../../checkpoint/run-config.js';
import type { RunInfo } from '../../trainer-observer.js';
import { mlflowKey } from './mlflow-key.js';

/** MLflow's own limits of values; longer ones are cut. */
const longest = { params: 6000, tags: 5000 } as const;

/** Something to send, as MLflow has it in `log-batch`. */
export type MlflowItem =
  | {
      readonly kind: 'metrics';
      readonly key: string;
      readonly value: number | string;
      readonly step: number;
      readonly timestamp: number;
    }
  | { readonly kind: 'params' | 'tags'; readonly key: string; readonly value: string };

/** A number of a step. Those that are not finite are text, as in protobuf's JSON. */
export function metricItem(step: number, name: string, value: number): MlflowItem {
  const sent = Number.isFinite(value) ? value : String(value);
  return { kind: 'metrics', key: mlflowKey(name), value: sent, step, timestamp: Date.now() };
}

export function textItem(kind: 'params' | 'tags', name: string, value: string): MlflowItem {
  const length = longest[kind];
  return { kind, key: mlflowKey(name), value: value.length > length ? `${value.slice(0, length - 1)}…` : value };
}

/** Settings as parameters, which never change; what a resumed run may have otherwise as tags. */
export function runItems({ method, seed, totalSteps, stepsPerEpoch, config, environment }: RunInfo): MlflowItem[] {
  const flat = (name: string, value: JsonValue): (readonly [string, string])[] =>
    typeof value === 'object' && value !== null && !isList(value)
      ? Object.entries(value).flatMap(([key, item]) => flat(name === '' ? key : `${name}.${key}`, item))
      : [[name, typeof value === 'string' ? value : JSON.stringify(value)]];
  const params = new Map([...flat('', config), ['method', method] as const, ['seed', String(seed)] as const]);
  const tags = [
    ...flat('environment', environment as unknown as JsonValue),
    ['totalSteps', String(totalSteps)] as const,
    ['stepsPerEpoch', String(stepsPerEpoch)] as const,
  ];
  return [
    ...[...params].map(([name, value]) => textItem('params', name, value)),
    ...tags.map(([name, value]) => textItem('tags', name, value)),
  ];
}

const isList = (value: object): value is readonly JsonValue[] => Array.isArray(value);

/** Whether a value of a checkpoint is one. */
export function isMlflowItem(value: unknown): value is MlflowItem {
  const item = (value ?? {}) as Partial<Record<string, unknown>>;
  if (typeof item['key'] !== 'string') return false;
  if (item['kind'] === 'tags') return typeof item['value'] === 'string';
  const isNumber = typeof item['value'] === 'number' || /^(?:NaN|-?Infinity)$/.test(String(item['value']));
  return (
    item['kind'] === 'metrics' &&
    isNumber &&
    Number.isSafeInteger(item['step']) &&
    Number.isSafeInteger(item['timestamp'])
  );
}
