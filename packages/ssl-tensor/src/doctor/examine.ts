import { createRequire } from 'node:module';
import { availableParallelism, freemem } from 'node:os';
import { join } from 'node:path';
import { machineMemory } from '@selfsup/ssl-core/files';
import { runtimeVersion } from '@selfsup/ssl-runtime';
import { devices, probeDeviceApart } from './probe-device.js';

/** One thing that was looked at. */
export interface Finding {
  readonly name: string;
  /** `missing`: nothing computes without; `optional`: what needs it is not available. */
  readonly state: 'ok' | 'missing' | 'optional';
  readonly found: string;
  /** What helps, where something does. */
  readonly cure?: string;
}

/** The lowest Node that the packages run on, as `engines` has it. */
const lowestNode = [20, 19] as const;

/** Looks at this machine and at the project in the working directory. */
export async function examine(): Promise<readonly Finding[]> {
  return [nodeFinding(process.versions.node), platformFinding(), memoryFinding(), ...deviceFindings(), sharpFinding()];
}

/** @param version such as '20.19.0' */
export function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < lowestNode[0] || (major === lowestNode[0] && minor < lowestNode[1]);
  return {
    name: 'Node',
    state: isOld ? 'missing' : 'ok',
    found: version,
    ...(isOld ? { cure: `Install Node ${lowestNode.join('.')} or newer` } : {}),
  };
}

function platformFinding(): Finding {
  const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  const glibc = header.glibcVersionRuntime;
  const found = `${process.platform} ${process.arch}${glibc === undefined ? '' : `, glibc ${glibc}`}`;
  return { name: 'platform', state: 'ok', found: `${found}, ${availableParallelism()} cores for this process` };
}

function memoryFinding(): Finding {
  const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  return { name: 'memory', state: 'ok', found: `${gigabytes(machineMemory())}, ${gigabytes(freemem())} of it free` };
}

function deviceFindings(): readonly Finding[] {
  return devices.map((device) => {
    const found = probeDeviceApart(device);
    const name = `device ${device}`;
    if (device !== 'cpu') return { name, state: found === 'works' ? 'ok' : 'optional', found };
    if (found !== 'works') return { name, state: 'missing', found };
    return { name, state: 'ok', found: `works, by ONNX Runtime ${runtimeVersion()}` };
  });
}

/** Pictures are decoded by sharp, which @selfsup/ssl-data brings. */
function sharpFinding(): Finding {
  const name = 'sharp';
  let data: NodeJS.Require;
  try {
    const project = createRequire(join(process.cwd(), 'package.json'));
    data = createRequire(project.resolve('@selfsup/ssl-data/package.json'));
  } catch {
    return { name, state: 'optional', found: 'not looked for: @selfsup/ssl-data is not installed in this folder' };
  }
  try {
    const { versions } = data('sharp') as { versions: { sharp: string; vips: string } };
    return { name, state: 'ok', found: `${versions.sharp}, libvips ${versions.vips}: pictures can be decoded` };
  } catch (error) {
    return {
      name,
      state: 'optional',
      found: `does not load: ${(error instanceof Error ? error.message : String(error)).trim().split('\n')[0]}`,
      cure: 'Without it no pictures are decoded. Install with optional packages: npm install --include=optional, on the platform that the program runs on',
    };
  }
}
