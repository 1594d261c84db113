#!/usr/bin/env python3
"""What programs may rely on of a file system, and of the disk below it.

    file_systems.py exercise FOLDER SEED        does all below in a folder, and leaves files there
    file_systems.py sums FOLDER                 prints a sum of all that is in a folder
    file_systems.py fill FOLDER MEBIBYTES       writes files that nothing compresses, synced
    file_systems.py device DEVICE SEED          the same for a disk without a file system: writes, zeroes, discards

It ends with 0 and "passed", or tells what was read that should not have been.
"""

import ctypes
import errno
import fcntl
import hashlib
import mmap
import os
import random
import struct
import sys

PAGE = 4096
KEEP_SIZE, PUNCH, ZERO = 1, 2, 16
BLKDISCARD, BLKZEROOUT, BLKGETSIZE64 = 0x1277, 0x127F, 0x80081272
libc = ctypes.CDLL(None, use_errno=True)


def fallocate(file, mode, offset, length):
    if libc.fallocate(file, mode, ctypes.c_longlong(offset), ctypes.c_longlong(length)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def expect(what, got, wanted):
    if got == wanted:
        return
    at = next((i for i, (a, b) in enumerate(zip(got, wanted)) if a != b), min(len(got), len(wanted)))
    sys.exit(f"failed: {what}: {len(got)} bytes for {len(wanted)}, and byte {at} differs")


def sync_folder(path):
    folder = os.open(path, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def write_direct(file, data, offset):
    """Around the page cache, from memory that is aligned."""
    with mmap.mmap(-1, len(data)) as buffer:
        buffer[:] = data
        expect("bytes taken", [os.pwrite(file, buffer, offset)], [len(data)])


def read_direct(file, length, offset):
    with mmap.mmap(-1, length) as buffer:
        count = os.preadv(file, [buffer], offset)
        return bytes(buffer[:count])


class Exercise:
    def __init__(self, folder, seed):
        self.folder, self.random = folder, random.Random(seed)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def bytes(self, length):
        return self.random.randbytes(length)

    def run(self):
        self.many_small_files()
        self.renames()
        self.holes()
        self.preallocated()
        self.appends()
        for way in (self.buffered, self.direct, self.mapped, self.mixed):
            self.random_file(way)
        self.punched_by_blocks()
        self.unlinked()

    def many_small_files(self):
        """Made, read, and half of them deleted again, in folders."""
        contents = {}
        for n in range(80):
            folder = self.path("small", str(n % 7))
            os.makedirs(folder, exist_ok=True)
            contents[os.path.join(folder, str(n))] = self.bytes(self.random.choice((0, 1, 100, 4095, 4096, 9000)))
        for path, content in contents.items():
            with open(path, "wb") as file:
                file.write(content)
        os.sync()
        for n, (path, content) in enumerate(contents.items()):
            with open(path, "rb") as file:
                expect(path, file.read(), content)
            if n % 2 == 0:
                os.unlink(path)
        for name in os.listdir(self.path("small")):
            left = sorted(os.listdir(self.path("small", name)), key=int)
            wanted = [os.path.basename(path) for n, path in enumerate(contents) if n % 2 and str(n % 7) == name]
            expect(f"the folder {name}", left, wanted)

    def renames(self):
        """A file that is replaced by renaming is the old one or the new one, also through a link and an open file."""
        path, new = self.path("replaced"), self.path("replaced.new")
        for n in range(20):
            content = b"%d " % n + self.bytes(5000)
            with open(new, "wb") as file:
                file.write(content)
                os.fsync(file.fileno())
            before = open(path, "rb") if n > 0 else None
            os.rename(new, path)
            sync_folder(self.folder)
            with open(path, "rb") as file:
                expect("what replaces", file.read(), content)
            if before:
                expect("what was replaced", before.read(), last)
                before.close()
            last = content
        os.link(path, self.path("linked"))
        os.symlink("linked", self.path("symbolic"))
        with open(self.path("symbolic"), "rb") as file:
            expect("a link", file.read(), last)

    def holes(self):
        """A file with holes occupies what was written, and tells where that is."""
        path, far = self.path("sparse"), 64 << 20
        content = self.bytes(PAGE)
        with open(path, "wb") as file:
            file.seek(far)
            file.write(content)
            os.fsync(file.fileno())
        if os.stat(path).st_blocks * 512 > 1 << 20:
            sys.exit("failed: a hole occupies space")
        file = os.open(path, os.O_RDONLY)
        expect("before the data", os.pread(file, PAGE, far - PAGE), bytes(PAGE))
        expect("where data is", [os.lseek(file, 0, os.SEEK_DATA)], [far])
        expect("the data", os.pread(file, 2 * PAGE, far), content)
        os.close(file)

    def preallocated(self):
        """Space that was set aside reads as zeroes until it is written, whatever the disk has there."""
        file = os.open(self.path("preallocated"), os.O_RDWR | os.O_CREAT)
        fallocate(file, 0, 0, 1 << 20)
        content = self.bytes(PAGE)
        os.pwrite(file, content, 5 * PAGE)
        os.fsync(file)
        expect("around it", os.pread(file, 8 * PAGE, 2 * PAGE), bytes(3 * PAGE) + content + bytes(4 * PAGE))
        os.close(file)

    def appends(self):
        file = os.open(self.path("appended"), os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_DSYNC)
        wanted = b""
        for _ in range(25):
            part = self.bytes(self.random.randrange(1, 3000))
            os.write(file, part)
            wanted += part
        expect("what was appended", os.pread(file, len(wanted) + 1, 0), wanted)
        os.close(file)

    def random_file(self, write):
        """Writes, holes, zeroes and truncations here and there, against a model; read in all ways."""
        size = 96 * PAGE
        path = self.path(f"random-{write.__name__}")
        file = os.open(path, os.O_RDWR | os.O_CREAT)
        around = os.open(path, os.O_RDWR | os.O_DIRECT)
        os.ftruncate(file, size)
        model = bytearray(size)
        for step in range(40):
            at = self.random.randrange(0, size, PAGE)
            length = min(size - at, PAGE * self.random.choice((1, 1, 2, 5, 16)))
            action = self.random.randrange(10)
            if action < 6:
                data = self.bytes(length)
                write(file, around, data, at)
                model[at : at + length] = data
            elif action < 8:
                # Not by blocks: parts of blocks are zeroed.
                start, end = at + self.random.randrange(PAGE), at + length - self.random.randrange(PAGE)
                if start < end:
                    fallocate(file, (PUNCH | KEEP_SIZE) if action == 6 else (ZERO | KEEP_SIZE), start, end - start)
                    model[start:end] = bytes(end - start)
            elif action == 8:
                os.ftruncate(file, at)
                os.ftruncate(file, size)
                model[at:] = bytes(size - at)
            else:
                os.fdatasync(file)
                os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            expect(f"step {step} by {write.__name__}", os.pread(file, length, at), bytes(model[at : at + length]))
        expect("all", os.pread(file, size, 0), bytes(model))
        os.fsync(file)
        expect("all, around the cache", read_direct(around, size, 0), bytes(model))
        with mmap.mmap(file, size, mmap.MAP_SHARED, mmap.PROT_READ) as mapping:
            expect("all, mapped", mapping[:], bytes(model))
        os.close(around)
        os.close(file)

    def buffered(self, file, _around, data, at):
        os.pwrite(file, data, at)

    def direct(self, _file, around, data, at):
        write_direct(around, data, at)

    def mapped(self, file, _around, data, at):
        with mmap.mmap(file, len(data), offset=at) as mapping:
            mapping[:] = data
            if self.random.randrange(2):
                mapping.flush()

    def mixed(self, file, around, data, at):
        self.random.choice((self.buffered, self.direct, self.mapped))(file, around, data, at)

    def punched_by_blocks(self):
        """Holes give back what they occupied."""
        path, length = self.path("punched"), 2 << 20
        file = os.open(path, os.O_RDWR | os.O_CREAT)
        content = self.bytes(length)
        os.pwrite(file, content, 0)
        os.fsync(file)
        for at in range(0, length, 64 << 10):
            fallocate(file, PUNCH | KEEP_SIZE, at, 32 << 10)
        os.fsync(file)
        if os.fstat(file).st_blocks * 512 > length * 3 // 4:
            sys.exit("failed: holes were punched, and occupy as much as before")
        for at in range(0, length, 64 << 10):
            wanted = bytes(32 << 10) + content[at + (32 << 10) : at + (64 << 10)]
            expect(f"at {at}", os.pread(file, 64 << 10, at), wanted)
        os.close(file)

    def unlinked(self):
        """A file that has no name any more is there as long as it is open."""
        path = self.path("unlinked")
        file = os.open(path, os.O_RDWR | os.O_CREAT)
        content = self.bytes(100_000)
        os.write(file, content)
        os.unlink(path)
        os.sync()
        expect("a file without a name", os.pread(file, len(content), 0), content)
        os.close(file)


def sums(folder):
    total = hashlib.sha256()
    for path, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            total.update(f"{os.path.relpath(os.path.join(path, name), folder)}\0".encode())
            with open(os.path.join(path, name), "rb") as file:
                while part := file.read(1 << 20):
                    total.update(part)
    print("sum", total.hexdigest(), flush=True)


def fill(folder, mebibytes):
    os.makedirs(folder)
    for n in range(mebibytes):
        with open(os.path.join(folder, str(n)), "wb") as file:
            file.write(os.urandom(1 << 20))
    os.sync()


def device(path, seed):
    """The first 4 MiB of a disk, against a model. What is discarded reads as zeroes on these disks."""
    rng = random.Random(seed)
    file = os.open(path, os.O_RDWR | os.O_DIRECT)
    size, block = 4 << 20, 4096
    whole = struct.unpack("Q", fcntl.ioctl(file, BLKGETSIZE64, bytes(8)))[0]
    fcntl.ioctl(file, BLKDISCARD, struct.pack("QQ", 0, whole))
    model = bytearray(size)
    for step in range(100):
        at = rng.randrange(0, size, block)
        length = min(size - at, block * rng.choice((1, 1, 3, 8, 20, 64)))
        action = rng.randrange(8)
        if action < 4:
            data = rng.randbytes(length)
            write_direct(file, data, at)
            model[at : at + length] = data
        elif action < 7:
            fcntl.ioctl(file, BLKZEROOUT if action == 4 else BLKDISCARD, struct.pack("QQ", at, length))
            model[at : at + length] = bytes(length)
        else:
            os.fdatasync(file)
        expect(f"step {step}", read_direct(file, length, at), bytes(model[at : at + length]))
    expect("all", read_direct(file, size, 0), bytes(model))
    try:
        fcntl.ioctl(file, BLKDISCARD, struct.pack("QQ", whole, block))
        sys.exit("failed: a discard behind the end was taken")
    except OSError as error:
        expect("a discard behind the end", [error.errno], [errno.EINVAL])
    fcntl.ioctl(file, BLKDISCARD, struct.pack("QQ", 0, whole))
    os.fsync(file)
    os.close(file)


command, where, *others = sys.argv[1:]
if command == "exercise":
    os.makedirs(where)
    Exercise(where, int(others[0])).run()
elif command == "sums":
    sums(where)
elif command == "fill":
    fill(where, int(others[0]))
elif command == "device":
    device(where, int(others[0]))
print("passed")
