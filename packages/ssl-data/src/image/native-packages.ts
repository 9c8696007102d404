import { DataError } from '@selfsup/ssl-core';
import type Koffi from 'koffi';
import type Sharp from 'sharp';

/**
 * Imports a package with native code. By a name that a bundler does not follow: such code cannot be bundled, and an
 * optional package may not be there. It is found from where the bundle is.
 */
const native = async (name: string): Promise<unknown> =>
  ((await import(/* webpackIgnore: true */ /* @vite-ignore */ name)) as { default: unknown }).default;

/**
 * sharp, which decodes pictures.
 *
 * @throws DataError where it is not installed, or not for this platform
 */
export async function loadSharp(): Promise<typeof Sharp> {
  try {
    return (await native('sharp')) as typeof Sharp;
  } catch (cause) {
    const [problem] = (cause instanceof Error ? cause.message : String(cause)).trim().split('\n');
    throw new DataError(
      `sharp, which decodes pictures, does not load: ${problem}. Run npm install --include=optional sharp in the project, on the platform that the program runs on`,
      { cause },
    );
  }
}

/** koffi, which calls the system's libraries; optional. */
export async function loadKoffi(): Promise<typeof Koffi> {
  return (await native('koffi')) as typeof Koffi;
}
