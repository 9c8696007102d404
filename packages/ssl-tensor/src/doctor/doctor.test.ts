import { describe, expect, it, vi } from 'vitest';
import { nodeFinding } from './examine.js';
import { findingsText, main } from './main.js';
import type * as ProbeDevice from './probe-device.js';

async function run(...argv: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const written = { stdout: '', stderr: '' };
  const status = await main(argv, {
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
  });
  return { status, ...written };
}

vi.mock('./probe-device.js', async (original) => ({
  ...(await original<typeof ProbeDevice>()),
  probeDeviceApart: (device: string) => (device === 'cpu' ? 'works' : `device '${device}' does not work here`),
}));

describe('ssl-tensor doctor', () => {
  it('tells Node, machine, memory, devices and sharp, and ends well where the CPU computes', async () => {
    const { status, stdout, stderr } = await run('doctor');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain(`ok       Node               ${process.versions.node}\n`);
    expect(stdout).toMatch(new RegExp(`^ok {7}platform +${process.platform} ${process.arch}, .*\\d+ cores`, 'm'));
    expect(stdout).toMatch(/^ok {7}memory +[\d.]+ GiB, [\d.]+ GiB of it free$/m);
    expect(stdout).toMatch(/^ok {7}device cpu +works, by ONNX Runtime 1\.30\.\d+$/m);
    expect(stdout).toMatch(/^- {8}device webgpu +device 'webgpu' does not work here$/m);
    expect(stdout).toMatch(/^ok {7}sharp +\d+\.\d+\.\d+, libvips /m);
  });

  it('prints JSON', async () => {
    expect(JSON.parse((await run('doctor', '--json')).stdout)).toContainEqual({
      name: 'Node',
      state: 'ok',
      found: process.versions.node,
    });
  });

  it('tells its version', async () => {
    expect((await run('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\S*\n$/);
  });

  it('computes on the CPU', async () => {
    expect(await run('probe', 'cpu')).toEqual({ status: 0, stdout: 'works', stderr: '' });
  });

  it.each([
    [['cure'], /ssl-tensor: the command must be doctor, got 'cure'/],
    [['doctor', '--jsn'], /an option must be --json, got '--jsn'/],
    [['probe', 'gpu'], /the device must be one of cpu, webgpu, cuda, tensorflow, got 'gpu'/],
  ])('refuses %j', async (argv, message) => {
    const { status, stdout, stderr } = await run(...argv);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it.each([[[]], [['--help']], [['doctor', '-h']]])('shows its help for %j', async (argv) => {
    expect((await run(...argv)).stdout).toMatch(/^USAGE npx @selfsup\/ssl-tensor doctor \[--json\]$/m);
  });
});

it.each([
  ['18.20.0', 'missing'],
  ['20.18.3', 'missing'],
  ['20.19.0', 'ok'],
  ['22.1.0', 'ok'],
])('Node %s is %s', (version, state) => {
  expect(nodeFinding(version).state).toBe(state);
});

it('what is missing stands with its cure, and nothing that a terminal obeys', () => {
  expect(findingsText([nodeFinding('18.1.0'), { name: 'a', state: 'optional', found: '\u001B[31mred' }])).toBe(
    'MISSING  Node  18.1.0\n               Install Node 20.19 or newer\n-        a     \\x1b[31mred\n',
  );
});
