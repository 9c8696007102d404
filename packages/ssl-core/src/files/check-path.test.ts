import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { InvalidOptionError } from '../errors/invalid-option-error.js';
import { checkPath } from './check-path.js';
import { makeFolder } from './make-folder.js';
import { openRegularFile } from './open-regular-file.js';
import { writeWhole } from './write-whole.js';

const url = pathToFileURL('/tmp/photos');

it.each(['photos', './~', 'a/~/b', '~photos', fileURLToPath(url), join(homedir(), 'photos'), ' '])(
  'takes %j',
  (path) => {
    expect(() => checkPath('open', 'root', path)).not.toThrow();
  },
);

it.each<readonly [unknown, string]>([
  [url, 'open: root must be a path, got a URL. Of a URL it is fileURLToPath(url) of node:url'],
  [Buffer.from('photos'), 'got a Buffer of 6. Of bytes it is Buffer.from(bytes).toString()'],
  [undefined, 'root must be a path, got undefined'],
  [null, 'root must be a path, got null'],
  ['', "root must be a path, got ''"],
  [Promise.resolve('photos'), 'got a promise (is an await missing?)'],
  ['~', "root must be a path without ~, got '~'. Only a shell knows ~"],
  ['~/photos', 'write join(homedir(), ...)'],
  ['~\\photos', 'Only a shell knows ~'],
])('refuses the path number %#', async (path, message) => {
  const tried = [
    () => checkPath('open', 'root', path),
    () => openRegularFile(path as string),
    () => writeWhole(path as string, ''),
    () => makeFolder(path as string),
  ];
  const errors = await Promise.all(
    tried.map((attempt) =>
      Promise.resolve()
        .then(attempt)
        .then(
          () => 'nothing was thrown',
          (error: unknown) => error,
        ),
    ),
  );
  expect(errors.map((error) => InvalidOptionError.isInstance(error))).toEqual([true, true, true, true]);
  expect((errors[0] as Error).message).toContain(message);
});
