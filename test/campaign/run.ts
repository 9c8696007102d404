// The campaign: interruptions, mutations and hostile inputs against what this repository writes and reads.
//
//   npm run test:campaign                                    every case; writes bench/results/campaign.{md,json}
//   npm run test:campaign -- --small                         some cases of each kind, for every change
//   npm run test:campaign -- --only checkpoint-bits,images   kinds by name; --list shows them
//   npm run test:campaign -- --only images --seed 6 --case 41   one case again
//
// --cases N   cases of each kind in place of the kind's own number
// --jobs N    kinds at the same time (default: two, or one where there is one core)
//
// A case passes when it is refused by a typed error, or gives what the undamaged input gives; 'other result' counts
// cases whose damage nothing in the format could show. A bare error, a hang, too much memory, or another result where
// a checksum exists is a failure. Exit status: 0, 1 where a case failed or none was played, 2 for wrong options.
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { repositoryRoot } from '../../tools/workspaces.js';
import type { Kind, KindResult } from './kind.js';
import { kinds } from './kinds.js';
import { resultsTable } from './results-table.js';
import { runKind } from './run-kind.js';

const { values: options } = parseArgs({
  options: {
    small: { type: 'boolean', default: false },
    only: { type: 'string' },
    list: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    case: { type: 'string' },
    cases: { type: 'string' },
    jobs: { type: 'string', default: String(Math.min(2, availableParallelism())) },
  },
});

function refuse(message: string): never {
  console.error(message);
  process.exit(2);
}

function wholeNumber(name: 'seed' | 'case' | 'cases' | 'jobs'): number | undefined {
  const text = options[name];
  if (text !== undefined && !/^\d{1,9}$/.test(text)) refuse(`--${name} must be a whole number, got '${text}'`);
  return text === undefined ? undefined : Number(text);
}

function chosen(): readonly Kind[] {
  if (options.only === undefined) return kinds;
  return options.only.split(',').map((name) => {
    const kind = kinds.find((candidate) => candidate.name === name);
    return kind ?? refuse(`'${name}' is no kind: choose from ${kinds.map((candidate) => candidate.name).join(', ')}`);
  });
}

const seed = wholeNumber('seed')!;
const single = wholeNumber('case');
const cases = wholeNumber('cases');
if (options.list) {
  for (const { name, group, title, cases } of kinds)
    console.log(`${name.padEnd(24)} ${group}: ${title} (${cases.full})`);
  process.exit(0);
}

function numbersOf(kind: Kind): number[] {
  if (single !== undefined) return [single];
  const { small, full } = kind.cases;
  return Array.from({ length: cases ?? (options.small ? small : full) }, (_, number) => number);
}

const started = performance.now();
const waiting = [...chosen()];
const results = new Map<Kind, KindResult>();
console.log(`campaign of ${waiting.length} kinds, seed ${seed}${options.small ? ', small' : ''}`);

async function lane(): Promise<void> {
  for (let kind = waiting.shift(); kind !== undefined; kind = waiting.shift()) {
    const result = await runKind(kind, seed, numbersOf(kind));
    results.set(kind, result);
    const { refused, same, other, failures, seconds, missing } = result;
    console.log(
      missing === undefined
        ? `${kind.name}: ${result.cases} cases, ${refused} refused, ${same} same, ${other} other, ${failures.length} failed (${seconds.toFixed(1)} s)`
        : `${kind.name}: NOT PLAYED: ${missing}`,
    );
    for (const { number, what, reason } of failures.slice(0, 3))
      console.log(
        `  case ${number} (${what}): ${reason}\n  again: npm run test:campaign -- --only ${kind.name} --seed ${seed} --case ${number}`,
      );
    if (failures.length > 3) console.log(`  and ${failures.length - 3} more`);
  }
}

await Promise.all(Array.from({ length: wholeNumber('jobs')! }, lane));
const ordered = kinds.flatMap((kind) => results.get(kind) ?? []);
const failed = ordered.reduce((sum, { failures }) => sum + failures.length, 0);
const played = ordered.reduce((sum, result) => sum + result.cases, 0);
const seconds = (performance.now() - started) / 1000;
const summary = `${played} cases of ${ordered.length} kinds, ${failed} failed, ${seconds.toFixed(0)} s, seed ${seed}, Node ${process.version}, ${process.platform} ${process.arch}`;
console.log(`\n${resultsTable(ordered)}\n\n${summary}`);
if (!options.small && options.only === undefined) {
  const file = (extension: string): string => join(repositoryRoot, 'bench/results', `campaign.${extension}`);
  const heading = '# Campaign of interruptions, mutations and hostile inputs\n\nMade by `npm run test:campaign`.';
  writeFileSync(file('md'), `${heading}\n\n${summary}.\n\n${resultsTable(ordered)}\n`);
  const record = {
    seed,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    seconds,
    results: ordered,
  };
  writeFileSync(file('json'), `${JSON.stringify(record, null, 2)}\n`);
}
process.exitCode = failed > 0 || played === 0 ? 1 : 0;
