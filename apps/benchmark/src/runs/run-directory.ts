import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { clearLeftovers, FolderLock, writeWhole } from '@selfsup/ssl-core/files';
import { listCheckpoints } from '@selfsup/ssl-train';
import type { LoadedRecipe } from '../recipes/load-recipe.js';
import type { Recipe } from '../recipes/recipe-schema.js';
import { machine } from './machine.js';
import type { Machine } from './machine.js';
import { openOutFolder } from './out-folder.js';
import { readSealedJson } from './read-json.js';
import { versions } from './versions.js';
import { writeSealedJson } from './write-json.js';
import { WrittenRecord } from './written-record.js';

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

/** Files that every run writes, besides its checkpoints and the results of its stages. */
const ownFiles = ['run.json', 'log.jsonl', 'summary.json', 'report.html', 'encoder.safetensors', 'tokenizer.json'];
const ownFolders = ['artifacts', 'checkpoints'] as const;

/** Time for the rest of a folder to be deleted. */
const deletionMs = 300;

/** The folder that a run writes to, and its right to do so. */
interface Writing {
  readonly record: WrittenRecord;
  readonly lock: FolderLock;
  /** The folder as the file system knows it, by which one that was deleted and made again is told. */
  readonly identity: string;
}

/**
 * One run on disk: `run.json`, `log.jsonl`, `artifacts/` (one JSON per stage), `checkpoints/`, `summary.json`,
 * `report.html`, and `written.json` with the names of them all.
 */
export class RunDirectory {
  readonly path: string;
  readonly config: RunConfig;
  readonly #writing: Writing | undefined;

  private constructor(directory: string, config: RunConfig, writing?: Writing) {
    this.path = directory;
    this.config = config;
    this.#writing = writing;
  }

  /**
   * Begins a run in a directory, or goes on with the one there. The directory is this process's until {@link close}.
   *
   * Only files that the directory's record lists are removed. A directory with other files and no run is refused.
   *
   * @param onWait told once where it has to wait to see whether the directory's last writer lives
   *
   * @throws InvalidOptionError where there is a run already and `existing` is `refuse`, where a resumed run was made
   * with another recipe or seed, or for a directory that is no place for a run; DataError where files of somebody else
   * are in the way, or another process writes there
   */
  static async begin(
    directory: string,
    { name, recipe }: LoadedRecipe,
    existing: Existing,
    onWait: (note: string) => void = () => {},
  ): Promise<RunDirectory> {
    // Before the lock, which would be a file in somebody's folder.
    await checkContent(directory, await openOutFolder(directory));
    const lock = await FolderLock.acquire(directory, {
      purpose: `ssl-benchmark run ${name}`,
      onWait: () => onWait(`Waiting up to 30 s to see whether another run in ${directory} is alive ...`),
    });
    try {
      for (const folder of ['.', ...ownFolders]) await clearLeftovers(path.join(directory, folder), { locked: true });
      const record = await checkContent(directory, await openOutFolder(directory));
      const writing = { record, lock, identity: await identityOf(directory) };
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
        await mkdir(path.join(directory, 'artifacts'), { recursive: true });
        return new RunDirectory(directory, present.config, writing);
      }
      const config: RunConfig = {
        name,
        recipe,
        startedAt: new Date().toISOString(),
        versions: versions(),
        machine: machine(),
      };
      await record.check([...ownFiles, ...(await unlistedCheckpoints(directory, record))]);
      await record.removeAll();
      await record.add(ownFiles);
      await writeSealedJson(path.join(directory, 'run.json'), config);
      await mkdir(path.join(directory, 'artifacts'), { recursive: true });
      return new RunDirectory(directory, config, writing);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** The run in a directory, to read, `undefined` where there is none. Throws DataError for a damaged one. */
  static async open(directory: string): Promise<RunDirectory | undefined> {
    const config = (await readSealedJson(path.join(directory, 'run.json'))) as RunConfig | undefined;
    return config === undefined ? undefined : new RunDirectory(directory, config);
  }

  /** The run in a directory, or the runs in its folders, by name, to read. */
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
    return ownFolders.some((folder) => hasFiles(this.file(folder)));
  }

  /** Absolute path of a file in the run. */
  file(...name: string[]): string {
    return path.join(this.path, ...name);
  }

  /**
   * Lists files that something else writes into the run, such as the Trainer's checkpoints, before it does.
   *
   * @param names relative to the run, with forward slashes
   * @throws DataError where such a file of somebody else is there, or the folder is gone
   */
  async declare(...names: string[]): Promise<void> {
    await this.checkPresent();
    await this.#writing!.record.add(names);
  }

  /** Lists a file that something else has just written into the run, such as the checkpoint of a stop. */
  async adopt(name: string): Promise<void> {
    await this.checkPresent();
    await this.#writing!.record.adopt([name]);
  }

  /** Writes a result that is read back, as JSON with its checksum. Throws DataError as {@link declare}. */
  async writeSealed(name: string, value: object): Promise<void> {
    await this.declare(name);
    await writeSealedJson(this.file(name), value);
  }

  /** Writes a text. Throws DataError as {@link declare}. */
  async write(name: string, text: string): Promise<void> {
    await this.declare(name);
    await writeWhole(this.file(name), text);
  }

  /**
   * Makes sure that the run still writes where it began.
   *
   * @throws DataError where its folder or a file of it was deleted, another folder is in its place, or another process has
   *   taken the folder over
   */
  async checkPresent(...names: string[]): Promise<void> {
    const writing = this.#writing;
    if (writing === undefined) throw new DataError('was opened to be read only', { path: this.path });
    const expected = ['run.json', ...names].map((name) => this.file(name));
    const gone = async (): Promise<string | undefined> =>
      (await identityOf(this.path)) === writing.identity ? expected.find((file) => !existsSync(file)) : this.path;
    let missing = await gone();
    const isHeld = missing !== undefined || (await writing.lock.isHeld());
    if (!isHeld) {
      // A folder that is being deleted loses one file after the other.
      await setTimeout(deletionMs);
      missing = await gone();
    }
    if (missing !== undefined)
      throw new DataError(
        'was deleted or replaced while the run wrote to it; the run is not whole, run again with another --out',
        { path: missing },
      );
    if (!isHeld)
      throw new DataError(
        'was taken over by another process, because this one gave no sign of life (was it stopped, or did its machine sleep?) or its lock was deleted; the run is not whole, run again with another --out, or with --resume when the other one has ended',
        { path: this.path },
      );
  }

  /** Gives the directory free. */
  async close(): Promise<void> {
    await this.#writing?.lock.release();
  }
}

/** The record of a folder that a run may write to. Throws DataError where the folder is somebody else's. */
async function checkContent(directory: string, names: readonly string[]): Promise<WrittenRecord> {
  const record = await WrittenRecord.of(directory);
  const [stranger] = names;
  if (record.isEmpty && stranger !== undefined)
    throw new DataError(
      `holds files but no run of this program (such as '${stranger}'); choose a folder that is new or empty`,
      { path: directory },
    );
  return record;
}

/** Checkpoints that the record does not list would be taken for the new run's. */
async function unlistedCheckpoints(directory: string, record: WrittenRecord): Promise<string[]> {
  const entries = await listCheckpoints(path.join(directory, 'checkpoints'));
  return entries.map((entry) => `checkpoints/${path.basename(entry.path)}`).filter((name) => !record.has(name));
}

function hasFiles(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).some((name) => !name.startsWith('.'));
}

async function identityOf(folder: string): Promise<string> {
  return stat(folder, { bigint: true }).then(
    ({ dev, ino }) => `${dev} ${ino}`,
    () => 'none',
  );
}
