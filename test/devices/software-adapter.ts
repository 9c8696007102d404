import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const driver = 'vk_swiftshader_icd.json';
const loader = 'libvulkan.so.1';

/** Where browsers and Mesa's packages put the driver's description. */
const driverFolders = [
  '/usr/lib/chromium',
  '/usr/lib/chromium-browser',
  '/opt/google/chrome',
  '/usr/share/vulkan/icd.d',
];
const loaderFolders = [
  '/usr/lib',
  '/usr/lib64',
  '/usr/local/lib',
  `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`,
];

/** What Node's environment must hold from its start for a software adapter, or why there is none. */
export type SoftwareAdapter = { readonly environment: Readonly<Record<string, string>> } | { readonly missing: string };

/**
 * Finds a Vulkan driver that computes on the CPU: the one that VK_ICD_FILENAMES names, SwiftShader as browsers bring it,
 * or Mesa's lavapipe.
 */
export function findSoftwareAdapter(): SoftwareAdapter {
  const named = process.env['VK_ICD_FILENAMES'] ?? '';
  const file = named === '' ? findDriver() : named;
  if (file === undefined)
    return { missing: `no ${driver}: on Debian, 'apt install chromium libvulkan1', or set VK_ICD_FILENAMES` };
  const folder = dirname(file.split(':')[0]!);
  // Browsers bring the loader as well, outside of where the system looks for it.
  const besideDriver = existsSync(join(folder, loader)) ? folder : undefined;
  if (besideDriver === undefined && !loaderFolders.some((place) => existsSync(join(place, loader))))
    return { missing: `no ${loader}: on Debian, 'apt install libvulkan1'` };
  const libraries = [process.env['LD_LIBRARY_PATH'], besideDriver].filter((path) => path !== undefined && path !== '');
  return {
    environment: {
      VK_ICD_FILENAMES: file,
      XDG_RUNTIME_DIR: process.env['XDG_RUNTIME_DIR'] ?? mkdtempSync(join(tmpdir(), 'ssl-xdg-')),
      ...(libraries.length > 0 && { LD_LIBRARY_PATH: libraries.join(':') }),
    },
  };
}

function findDriver(): string | undefined {
  for (const folder of driverFolders) {
    if (!existsSync(folder)) continue;
    const name = readdirSync(folder).find((file) => file === driver || /^lvp_icd.*\.json$/.test(file));
    if (name !== undefined) return join(folder, name);
  }
  return undefined;
}
