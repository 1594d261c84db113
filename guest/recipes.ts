/** What the images are made of. A change here takes effect with `node --import tsx guest/prepare.ts --lock`. */

/** The package that names the suite's current kernel. */
export const KERNEL = 'linux-image-riscv64';

/** The initial file system has one program. */
export const initrdPackages: readonly string[] = ['busybox-static'];

/**
 * Modules that the initial file system loads: a disk on PCI or MMIO, its file system, and entropy. PCI, the virtio core and the virtio
 * console are built into Debian's kernel.
 */
export const initrdModules: readonly string[] = ['virtio_mmio', 'virtio_blk', 'virtio_rng', 'crc32c_generic', 'ext4'];

/** The root file system, besides what these depend on. */
export const rootPackages: readonly string[] = [
  // A Debian system, as far as it goes without a package manager.
  'base-files',
  'base-passwd',
  'bash',
  'busybox-static',
  'coreutils',
  'dash',
  'diffutils',
  'findutils',
  'grep',
  'gzip',
  'hostname',
  'libc-bin',
  'mawk',
  'mount',
  'ncurses-base',
  'ncurses-bin',
  'passwd',
  'sed',
  'tar',
  'util-linux',
  // To work with: disks, processes, texts, programs.
  'e2fsprogs',
  'less',
  'nano',
  'procps',
  'python3-minimal',
  'libpython3-stdlib',
];

/** Packages that the others want for their installation scripts, which do not run here. */
export const rootWithout: ReadonlySet<string> = new Set([
  'debconf',
  'dpkg',
  'init-system-helpers',
  'libpam-runtime',
  'logsave',
  'media-types',
  'perl-base',
  'tzdata',
]);
