#!/usr/bin/env python3
"""Records that a crash must not take.

    records.py write FOLDER SEED        writes one record after the other, and says "record NAME N" when N is durable,
                                        where NAME is the folder's
    records.py check FOLDER SEED LAST   ends with 0 and "kept N" if all up to LAST are there, or tells what is not

Record N is bytes that follow from the seed and N. It is written in one of five ways, by N:

    file     a new file, synced, then renamed to its name, and its folder synced
    log      behind the others in a file, synced
    place    over an older one in a file, fdatasync
    direct   the same around the page cache (O_DIRECT), fdatasync
    mapped   into a hole that was punched for it, through a mapping: msync, fsync

Old files are deleted, and now and then what is free is discarded (FITRIM). A record is begun when the one before it is
durable. So whatever was reported, all that is found up to the highest record must be right but for what newer ones have
replaced; only the one behind it may be there in part.
"""

import ctypes
import fcntl
import hashlib
import mmap
import os
import struct
import sys

KINDS = 5
KEPT = 150  # records whose files are there
LOG = 100  # records that share a log
SLOTS, SLOT = 32, 32768
TRIM_EVERY = 37
HEADER = struct.Struct("<QII")
FITRIM = 0xC0185879
PUNCH, KEEP_SIZE = 2, 1
libc = ctypes.CDLL(None, use_errno=True)


class Records:
    def __init__(self, folder, seed):
        self.folder, self.seed = folder, seed

    def path(self, name):
        return os.path.join(self.folder, name)

    def data(self, n):
        """The bytes of a record: from 1 to SLOT - HEADER.size - 1 of them."""
        key = f"{self.seed} {n}".encode()
        length = 1 + int.from_bytes(hashlib.shake_128(b"length " + key).digest(4), "little") % (SLOT - HEADER.size - 1)
        return hashlib.shake_128(key).digest(length)

    def framed(self, n):
        data = self.data(n)
        return HEADER.pack(n, len(data), sum(data) & 0xFFFFFFFF) + data

    # --- what is there ------------------------------------------------------------------------------------------------

    def in_log(self, number):
        """The records at the start of a log that are right, and the bytes that they take."""
        found, at = set(), 0
        try:
            with open(self.path(f"log.{number}"), "rb") as file:
                content = file.read()
        except FileNotFoundError:
            return found, at
        while at + HEADER.size <= len(content):
            n = HEADER.unpack_from(content, at)[0]
            if n % KINDS != 1 or n // LOG != number:
                break
            framed = self.framed(n)
            if content[at : at + len(framed)] != framed:
                break
            found.add(n)
            at += len(framed)
        return found, at

    def in_slots(self, name):
        found = set()
        try:
            with open(self.path(name), "rb") as file:
                content = file.read()
        except FileNotFoundError:
            return found
        for at in range(0, len(content) - HEADER.size, SLOT):
            n = HEADER.unpack_from(content, at)[0]
            if n == 0 or slot_of(n) * SLOT != at:
                continue
            framed = self.framed(n)
            if content[at : at + len(framed)] == framed:
                found.add(n)
        return found

    def found(self):
        """The numbers of all records that are right."""
        found = set()
        for name in os.listdir(self.folder):
            kind, _, number = name.partition(".")
            if kind == "file" and number.isdigit():
                with open(self.path(name), "rb") as file:
                    if file.read() == self.data(int(number)):
                        found.add(int(number))
            elif kind == "log":
                found |= self.in_log(int(number))[0]
        return found.union(*(self.in_slots(name) for name in ("place", "direct", "mapped")))

    def check(self, last):
        found = self.found()
        top = max(found, default=0)
        if top < last:
            sys.exit(f"lost: record {last} was reported, and the highest is {top}")
        lost = [n for n in range(1, top) if n not in found and must_be_there(n, top)]
        if lost:
            sys.exit(f"lost: of {top} records {lost} ({last} was reported)")
        print(f"kept {top}", flush=True)

    # --- how it gets there ---------------------------------------------------------------------------------------------

    def write(self):
        os.makedirs(self.folder, exist_ok=True)
        top = max(self.found(), default=0)
        for name in ("place", "direct", "mapped"):
            if not os.path.exists(self.path(name)):
                with open(self.path(name), "wb") as file:
                    file.truncate(SLOTS * SLOT)
                    os.fsync(file.fileno())
        self.cut_log((top + 1) // LOG)
        self.sync_folder()
        ways = (self.to_file, self.to_log, self.to_place, self.to_direct, self.to_mapped)
        name, n = os.path.basename(self.folder), top
        while True:
            n += 1
            ways[n % KINDS](n)
            os.write(1, f"record {name} {n}\n".encode())
            self.forget(n)
            if n % TRIM_EVERY == 0:
                self.trim()

    def cut_log(self, number):
        """What a crash left behind the last whole record goes."""
        length = self.in_log(number)[1]
        if os.path.exists(self.path(f"log.{number}")):
            with open(self.path(f"log.{number}"), "r+b") as file:
                file.truncate(length)
                os.fsync(file.fileno())

    def sync_folder(self):
        folder = os.open(self.folder, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def to_file(self, n):
        with open(self.path("new"), "wb") as file:
            file.write(self.data(n))
            file.flush()
            os.fsync(file.fileno())
        os.rename(self.path("new"), self.path(f"file.{n}"))
        self.sync_folder()

    def to_log(self, n):
        path = self.path(f"log.{n // LOG}")
        new = not os.path.exists(path)
        with open(path, "ab") as file:
            file.write(self.framed(n))
            file.flush()
            os.fsync(file.fileno())
        if new:
            self.sync_folder()

    def to_place(self, n):
        file = os.open(self.path("place"), os.O_WRONLY)
        os.pwrite(file, self.framed(n), slot_of(n) * SLOT)
        os.fdatasync(file)
        os.close(file)

    def to_direct(self, n):
        framed = self.framed(n)
        with mmap.mmap(-1, -(-len(framed) // 4096) * 4096) as buffer:
            buffer[: len(framed)] = framed
            file = os.open(self.path("direct"), os.O_WRONLY | os.O_DIRECT)
            if os.pwrite(file, buffer, slot_of(n) * SLOT) != len(buffer):
                sys.exit("a direct write took a part")
            os.fdatasync(file)
            os.close(file)

    def to_mapped(self, n):
        file = os.open(self.path("mapped"), os.O_RDWR)
        offset, length = ctypes.c_longlong(slot_of(n) * SLOT), ctypes.c_longlong(SLOT)
        if libc.fallocate(file, PUNCH | KEEP_SIZE, offset, length) != 0:
            sys.exit(f"no hole: {os.strerror(ctypes.get_errno())}")
        framed = self.framed(n)
        with mmap.mmap(file, SLOT, offset=slot_of(n) * SLOT) as mapping:
            mapping[: len(framed)] = framed
            mapping.flush()
        os.fsync(file)
        os.close(file)

    def forget(self, n):
        for name in (f"file.{n - KEPT}", f"log.{n // LOG - 2}"):
            if os.path.exists(self.path(name)):
                os.unlink(self.path(name))

    def trim(self):
        folder = os.open(self.folder, os.O_RDONLY)
        fcntl.ioctl(folder, FITRIM, struct.pack("<QQQ", 0, 2**64 - 1, 0))
        os.close(folder)


def slot_of(n):
    return n // KINDS % SLOTS


def must_be_there(n, top):
    """Whether nothing up to the record behind the highest one has replaced it or deleted it."""
    if n % KINDS == 0:
        return n > top + 1 - KEPT
    if n % KINDS == 1:
        return n // LOG > (top + 1) // LOG - 2
    return n + KINDS * SLOTS > top + 1


records = Records(sys.argv[2], sys.argv[3])
if sys.argv[1] == "write":
    records.write()
else:
    records.check(int(sys.argv[4]))
