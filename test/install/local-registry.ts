import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';

import type { Tarball } from '../packaging/pack-packages.js';

/** A registry for our scope on this machine, so that packages are installed by name, as a user does. */
export interface LocalRegistry {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves tarballs as an npm registry does: a document per package, and the file that it names. */
export async function serveRegistry(tarballs: readonly Tarball[]): Promise<LocalRegistry> {
  const files = new Map(tarballs.map(({ path }) => [basename(path), readFileSync(path)]));
  const server = createServer((request, response) => {
    const name = decodeURIComponent((request.url ?? '').slice(1).split('?')[0]!);
    const file = files.get(name);
    const tarball = tarballs.find(({ manifest }) => manifest.name === name);
    if (file !== undefined) {
      response.end(file);
    } else if (tarball === undefined) {
      response.writeHead(404).end('{}');
    } else {
      const { manifest, path } = tarball;
      const integrity = `sha512-${createHash('sha512')
        .update(files.get(basename(path))!)
        .digest('base64')}`;
      const version = { ...manifest, dist: { tarball: `${url}/${basename(path)}`, integrity } };
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          name,
          'dist-tags': { latest: manifest.version },
          // Managers leave packages alone that were published a moment ago.
          time: { [manifest.version]: '2025-01-01T00:00:00.000Z' },
          versions: { [manifest.version]: version },
        }),
      );
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
