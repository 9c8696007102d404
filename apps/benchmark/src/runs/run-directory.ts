import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { InvalidOptionError } from 'ssl-tensor/host';
import type { LoadedRecipe } from '../recipes/load-recipe.js';
import type { Recipe } from '../recipes/recipe-schema.js';
import { machine } from './machine.js';
import type { Machine } from './machine.js';
import { readJson } from './read-json.js';
import { versions } from './versions.js';
import { writeJson } from './write-file-atomic.js';

/** Content of `run.json`: all that a run's figures depend on. */
export interface RunConfig {
  readonly name: string;
  readonly recipe: Recipe;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: Machine;
}

/** How to treat a run that is there already. */
export type Existing = 'refuse' | 'resume' | 'replace';

/** Files that a run writes; nothing else is ever removed. */
const ownFiles = [
  'run.json',
  'log.jsonl',
  'artifacts',
  'checkpoints',
  'summary.json',
  'report.html',
  'encoder.safetensors',
  'tokenizer.json',
];

/** One run on disk: `run.json`, `log.jsonl`, `artifacts/` (one JSON per stage), `checkpoints/`, `summary.json`, `report.html`. */
export class RunDirectory {
  readonly path: string;
  readonly config: RunConfig;

  private constructor(directory: string, config: RunConfig) {
    this.path = directory;
    this.config = config;
  }

  /**
   * Begins a run in a directory, or goes on with the one there.
   *
   * @throws InvalidOptionError where there is a run already and `existing` is `refuse`, or where a resumed run was made
   * with another recipe or seed
   */
  static async begin(directory: string, { name, recipe }: LoadedRecipe, existing: Existing): Promise<RunDirectory> {
    const present = await RunDirectory.open(directory);
    if (existing === 'refuse' && present !== undefined && present.hasResults()) {
      throw new InvalidOptionError(
        'ssl-benchmark run',
        '--out',
        'a folder without results of a run (or add --resume)',
        directory,
      );
    }
    if (present !== undefined && existing === 'resume') {
      if (!isDeepStrictEqual(present.config.recipe, JSON.parse(JSON.stringify(recipe)))) {
        throw new InvalidOptionError(
          'ssl-benchmark',
          '--resume',
          `used with the recipe and seed that the run in ${directory} began with`,
          name,
        );
      }
      return present;
    }
    await Promise.all(ownFiles.map((file) => rm(path.join(directory, file), { recursive: true, force: true })));
    const config: RunConfig = {
      name,
      recipe,
      startedAt: new Date().toISOString(),
      versions: versions(),
      machine: machine(),
    };
    await writeJson(path.join(directory, 'run.json'), config);
    return new RunDirectory(directory, config);
  }

  /** The run in a directory, `undefined` where there is none. */
  static async open(directory: string): Promise<RunDirectory | undefined> {
    const config = (await readJson(path.join(directory, 'run.json'))) as RunConfig | undefined;
    return config === undefined ? undefined : new RunDirectory(directory, config);
  }

  /** The run in a directory, or the runs in its folders, by name. */
  static async openAll(directory: string): Promise<RunDirectory[]> {
    const own = await RunDirectory.open(directory);
    if (own !== undefined) return [own];
    const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
    const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => path.join(directory, entry.name));
    const runs = await Promise.all(folders.sort().map((folder) => RunDirectory.open(folder)));
    return runs.filter((run) => run !== undefined);
  }

  /** Whether there is anything to go on with: a run that failed before its first result may begin anew. */
  hasResults(): boolean {
    return existsSync(this.file('artifacts')) || existsSync(this.file('checkpoints'));
  }

  /** Absolute path of a file in the run. */
  file(...name: string[]): string {
    return path.join(this.path, ...name);
  }
}
