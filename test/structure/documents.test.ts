import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';

import { repositoryRoot } from '../../tools/workspaces.js';
import { readRepositoryFile, repositoryFiles } from './repository-files.js';

const documents = repositoryFiles().filter((path) => path.endsWith('.md') && !path.startsWith('.changeset/'));
const scripts = Object.keys((JSON.parse(readRepositoryFile('package.json')) as { scripts: object }).scripts);

describe.each(documents)('%s', (document) => {
  const text = readRepositoryFile(document);

  test('links lead somewhere', () => {
    const targets = [...text.matchAll(/\]\((?!https?:|mailto:|#)(?<target>[^)#\s]+)/g)].map(
      ({ groups }) => groups?.target ?? '',
    );
    expect(targets.filter((target) => !existsSync(join(repositoryRoot, dirname(document), target)))).toEqual([]);
  });

  test('no merge has left its marks', () => {
    expect(text.match(/^(?:<{7}|={7}|>{7})(?: .*)?$/m)?.[0]).toBeUndefined();
  });

  test('commands of this repository exist', () => {
    const named = [...text.matchAll(/\bnpm run (?<script>[a-z:-]+)/g)].map(({ groups }) => groups?.script ?? '');
    expect(named.filter((script) => !scripts.includes(script))).toEqual([]);
  });
});
