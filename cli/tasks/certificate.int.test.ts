import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { certificateFor } from './certificate.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'tabhyve-certificate-'))));
afterEach(() => rmSync(folder, { recursive: true }));

test('names the host and its addresses', () => {
  const certificate = new X509Certificate(certificateFor(folder, ['192.0.2.7', '2001:db8::7']).cert);
  expect(certificate.checkHost('localhost')).toBe('localhost');
  expect(certificate.checkIP('192.0.2.7')).toBe('192.0.2.7');
  expect(certificate.checkIP('2001:db8::7')).toBe('2001:db8::7');
  expect(certificate.checkIP('192.0.2.8')).toBeUndefined();
});

test('is kept, and made anew for a host that has a new address', () => {
  const first = certificateFor(folder, ['192.0.2.7']);
  expect(certificateFor(folder, ['192.0.2.7'])).toEqual(first);
  expect(certificateFor(folder, ['192.0.2.7', '192.0.2.8']).cert).not.toBe(first.cert);
});
