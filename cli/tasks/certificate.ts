// A self-signed certificate for a local network, kept in .cache/ so that a classroom accepts it once.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';

/** PEM texts, as node:tls takes them. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** In days. Apple's systems refuse more than 825 for any certificate that a person has accepted by hand. */
const LIFETIME = 365;
const DAY = 86_400_000;

/** This host's IPv4 and IPv6 addresses but for loopback and link-local ones. */
export function localAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
    .map(({ address }) => address);
}

/**
 * Returns the certificate kept in `folder`; makes it anew when there is none, when it ends within a week or when this
 * host has an address that it does not name. Needs the command openssl.
 */
export function certificateFor(folder: string, addresses: readonly string[] = localAddresses()): Certificate {
  const keyFile = join(folder, 'key.pem');
  const certFile = join(folder, 'cert.pem');
  if (existsSync(keyFile) && existsSync(certFile)) {
    const cert = readFileSync(certFile, 'utf8');
    if (covers(new X509Certificate(cert), addresses)) return { key: readFileSync(keyFile, 'utf8'), cert };
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const names = ['DNS:localhost', `DNS:${hostname()}`, 'IP:127.0.0.1', 'IP:::1', ...addresses.map((a) => `IP:${a}`)];
  const { status, stderr, error } = spawnSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-sha256'],
      ...['-days', String(LIFETIME), '-subj', '/CN=tabhyve', '-keyout', keyFile, '-out', certFile],
      ...['-addext', `subjectAltName=${names.join(',')}`, '-addext', 'extendedKeyUsage=serverAuth'],
    ],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`openssl could not make a certificate: ${error?.message ?? stderr}`);
  return { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') };
}

function covers(certificate: X509Certificate, addresses: readonly string[]): boolean {
  const endsLater = Date.parse(certificate.validTo) > Date.now() + 7 * DAY;
  return endsLater && addresses.every((address) => certificate.checkIP(address) !== undefined);
}
