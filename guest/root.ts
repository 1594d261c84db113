import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ImageError } from './errors.ts';
import { Tree } from './tree.ts';

/** Size of the default machine's disk, in bytes. */
export const ROOT_SIZE = 1 << 30;

/**
 * What nobody needs in a machine that is fetched over a network: documentation (but not the copyright files, which must go wherever the
 * programs go), translations, conversions between character sets that are not Unicode, and Python's own tests.
 */
const dropped = [
  /^usr\/share\/(man|info|locale|lintian|bug|menu|bash-completion|zsh|initramfs-tools|pixmaps|gdb)(\/|$)/,
  /^usr\/share\/doc\/[^/]+\/(?!copyright$)/,
  /^usr\/lib\/riscv64-linux-gnu\/gconv\/(?!gconv-modules$|UTF-|ISO8859-1\.so|UNICODE)/,
  /^usr\/lib\/python3\.\d+\/(test|idlelib|turtledemo)(\/|$)/,
  /^(etc\/init\.d|etc\/cron\.d|etc\/update-motd\.d|usr\/lib\/systemd|usr\/share\/debianutils)(\/|$)/,
];

/** Whether a path of a package belongs into the root file system. */
export function isWantedInRoot(path: string): boolean {
  return !dropped.some((pattern) => pattern.test(path));
}

/** Files that the packages' scripts would copy into place. */
const copies: readonly (readonly [from: string, to: string])[] = [
  ['usr/share/base-passwd/passwd.master', 'etc/passwd'],
  ['usr/share/base-passwd/group.master', 'etc/group'],
  ['usr/share/libc-bin/nsswitch.conf', 'etc/nsswitch.conf'],
  ['usr/share/readline/inputrc', 'etc/inputrc'],
];

/** Links that they would make: the alternatives system's choices, and the rest of base-files. */
const links: readonly (readonly [path: string, target: string])[] = [
  ['usr/bin/awk', 'mawk'],
  ['usr/bin/editor', 'nano'],
  ['usr/bin/pager', 'less'],
  ['usr/bin/which', 'which.debianutils'],
  ['etc/mtab', '../proc/self/mounts'],
  ['etc/dpkg/origins/default', 'debian'],
  ['var/spool/mail', '../mail'],
];

const directories: readonly (readonly [path: string, mode: number])[] = [
  ...[
    'etc/opt',
    'media',
    'mnt',
    'opt',
    'srv',
    'usr/local/bin',
    'usr/local/sbin',
    'usr/local/lib',
    'usr/local/share',
    'usr/local/src',
    'var/mail',
    'var/opt',
  ].map((path): [string, number] => [path, 0o755]),
  ['root', 0o700],
  ['tmp', 0o1777],
];

/** Commands of busybox that get a name of their own, where no package brings a fuller one. The first three end the machine. */
const applets =
  'poweroff reboot halt arp arping ash bc bunzip2 bzcat bzip2 cpio crond dc devmem dos2unix ed fdisk ftpget ftpput getopt httpd ifconfig ' +
  'insmod ip ipcalc lsmod lspci lsscsi lzcat modinfo modprobe nbd-client nc netstat nslookup patch ping ping6 rmmod rpm2cpio route sha3sum strings ' +
  'svc syslogd telnet tftp time traceroute traceroute6 tree ts ttysize tunctl udhcpc unix2dos unlzma unxz unzip usleep uudecode uuencode ' +
  'vconfig vi wget xxd xz xzcat ssl_client';

/**
 * Makes a bootable system of unpacked packages, whose scripts do not run here: what these would do and is needed is done by this function
 * and by the files of `rootfs/`, which lie over the packages'.
 * @param tree is added to
 * @param overlay the folder of the files to lay over
 */
export async function configureRoot(tree: Tree, overlay: string): Promise<void> {
  for (const [path, mode] of directories) tree.add(path, { type: 'directory', mode });
  for (const [from, to] of copies) {
    const data = tree.file(from);
    if (data === undefined)
      throw new ImageError('bad-archive', `The packages do not have ${from}, which /${to} is made of.`);
    tree.addFile(to, data);
  }
  for (const [path, target] of links) tree.addLink(path, target);

  for (const file of (await readdir(overlay, { recursive: true, withFileTypes: true })).filter((each) =>
    each.isFile(),
  )) {
    const path = join(file.parentPath, file.name);
    const place = path.slice(overlay.length).replaceAll('\\', '/');
    tree.addFile(place, await readFile(path), place.endsWith('/sbin/init') ? 0o755 : 0o644);
  }
  // Nobody can log in by password, and nothing asks for one: the console is root's.
  const users = Buffer.from(tree.file('etc/passwd') ?? [])
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
  tree.addFile('etc/passwd', users.map((line) => `${line.replace(':*:', ':x:')}\n`).join(''));
  tree.addFile('etc/shadow', users.map((line) => `${line.split(':')[0]}:*:20000:0:99999:7:::\n`).join(''), 0o600);
  tree.addFile('var/lib/tabhyve/sectors', `${ROOT_SIZE / 512}\n`);
  linkApplets(tree);
}

function linkApplets(tree: Tree): void {
  const busybox = tree.file('usr/bin/busybox');
  if (busybox === undefined) throw new ImageError('bad-archive', 'The packages do not have busybox.');
  const program = Buffer.from(busybox);
  for (const applet of applets.split(' ')) {
    const isThere = ['usr/bin', 'usr/sbin'].some((folder) => tree.get(`${folder}/${applet}`) !== undefined);
    // Its table of applets is a list of names, each ended by a zero.
    if (!isThere && program.includes(`\0${applet}\0`)) tree.addLink(`usr/bin/${applet}`, 'busybox');
  }
  if (tree.get('usr/bin/poweroff') === undefined)
    throw new ImageError(
      'bad-archive',
      "Debian's busybox has no poweroff any more, without which a machine cannot be ended.",
    );
}
