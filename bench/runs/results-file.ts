import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../results', import.meta.url));

const write = async (path: string, text: string): Promise<void> => {
  await writeFile(`${path}.part`, text);
  await rename(`${path}.part`, path);
};

/** Rows of a benchmark in bench/results/`name`.json, and the page of them in `name`.md. */
export class ResultsFile<R> {
  readonly rows: R[];
  readonly #name: string;
  readonly #page: (rows: readonly R[]) => string;
  #saving = Promise.resolve();

  private constructor(name: string, page: (rows: readonly R[]) => string, rows: R[]) {
    this.#name = name;
    this.#page = page;
    this.rows = rows;
  }

  /** With the rows that are there. */
  static async open<R>(name: string, page: (rows: readonly R[]) => string): Promise<ResultsFile<R>> {
    await mkdir(folder, { recursive: true });
    const text = await readFile(join(folder, `${name}.json`), 'utf8').catch(() => '[]');
    return new ResultsFile(name, page, JSON.parse(text) as R[]);
  }

  /** Writes both files whole, one call after the other: runs end when they end. */
  save(): Promise<void> {
    this.#saving = this.#saving.then(async () => {
      await write(join(folder, `${this.#name}.json`), `${JSON.stringify(this.rows, null, 1)}\n`);
      await write(join(folder, `${this.#name}.md`), this.#page(this.rows));
    });
    return this.#saving;
  }
}
