/*
 * A disk as a guest has it, around its page cache.
 *
 *     disk rates DEVICE      reads and writes within the first 256 MiB, when it is warm: bench.h
 *     disk discard DEVICE    writes the first GiB, and discards it
 *     disk fsync FOLDER      appends to a file of the file system there
 *
 * prints lines of `figure NAME VALUE UNIT`. What lies on the device is lost.
 */
#define _GNU_SOURCE
#include "bench.h"
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MIB ((off_t)1 << 20)
#define PAGE 4096
/* More than a disk keeps in memory, and less. */
#define AREA (256 * MIB)
#define CACHED (8 * MIB)
#define DISCARDED (1024 * MIB)
#define SYNCS 200

static uint32_t state = 2463534242;
static uint8_t *buffer;

static void must(int holds, const char *what)
{
	if (holds)
		return;
	perror(what);
	exit(1);
}

static void figure(const char *name, double value, const char *unit)
{
	printf("figure %s %.6g %s\n", name, value, unit);
	fflush(stdout);
}

/* Bytes that do not compress, others each time. */
static void fill(size_t length)
{
	for (size_t at = 0; at < length; at += 4)
		*(uint32_t *)(buffer + at) = next_random(&state);
}

static off_t some_page(off_t area)
{
	return (off_t)(next_random(&state) % (uint32_t)(area / PAGE)) * PAGE;
}

/* Writes in pieces of a MiB, and what it takes until all of it is durable. */
static double write_all(int file, off_t length)
{
	double start = seconds();
	for (off_t at = 0; at < length; at += MIB) {
		buffer[0]++;
		must(pwrite(file, buffer, MIB, at) == MIB, "pwrite");
	}
	must(fdatasync(file) == 0, "fdatasync");
	return seconds() - start;
}

static double read_all(int file, off_t length)
{
	double start = seconds();
	for (off_t at = 0; at < length; at += MIB)
		must(pread(file, buffer, MIB, at) == MIB, "pread");
	return seconds() - start;
}

/* Reads of a page here and there for so many seconds; how many a second. */
static double read_pages(int file, off_t area, double length)
{
	double elapsed, start = seconds();
	int count = 0;
	do {
		for (int i = 0; i < 50; i++)
			must(pread(file, buffer, PAGE, some_page(area)) == PAGE, "pread");
		count += 50;
		elapsed = seconds() - start;
	} while (elapsed < length);
	return count / elapsed;
}

static int order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* The median of what it takes to write a page and make it durable, in milliseconds. */
static double sync_pages(int file, off_t area)
{
	double times[SYNCS];
	for (int i = 0; i < SYNCS; i++) {
		off_t at = area == 0 ? i * (off_t)PAGE : some_page(area);
		fill(PAGE);
		double start = seconds();
		must(pwrite(file, buffer, PAGE, at) == PAGE, "pwrite");
		must(fdatasync(file) == 0, "fdatasync");
		times[i] = 1000 * (seconds() - start);
	}
	qsort(times, SYNCS, sizeof *times, order);
	return times[SYNCS / 2];
}

static void rates(const char *device)
{
	int file = open(device, O_RDWR | O_DIRECT);
	must(file >= 0, device);
	fill(MIB);
	double mib = (double)AREA / MIB;
	/* What follows is the disk's speed, not that of a kernel that reads for the first time. */
	figure("read-page-first", read_pages(file, CACHED, 1), "1/s");
	read_pages(file, CACHED, seconds_of("BENCH_WARM_MS"));
	figure("write", mib / write_all(file, AREA), "MiB/s");
	figure("overwrite", mib / write_all(file, AREA), "MiB/s");
	figure("read", mib / read_all(file, AREA), "MiB/s");
	figure("read-page", read_pages(file, AREA, 2), "1/s");
	read_all(file, CACHED);
	double start = seconds(), elapsed;
	int count = 0;
	do {
		read_all(file, CACHED);
		count++;
		elapsed = seconds() - start;
	} while (elapsed < 2);
	figure("read-cached", count * (double)CACHED / MIB / elapsed, "MiB/s");
	figure("read-page-cached", read_pages(file, CACHED, 2), "1/s");
	figure("write-page-sync-first", sync_pages(file, CACHED), "ms");
	for (double from = seconds(); seconds() - from < seconds_of("BENCH_WARM_MS");)
		sync_pages(file, CACHED);
	figure("write-page-sync", sync_pages(file, CACHED), "ms");
	figure("write-page-sync-far", sync_pages(file, AREA), "ms");
}

static void discard(const char *device)
{
	int file = open(device, O_RDWR | O_DIRECT);
	must(file >= 0, device);
	fill(MIB);
	figure("write-1GiB", (double)DISCARDED / MIB / write_all(file, DISCARDED), "MiB/s");
	uint64_t range[2] = { 0, DISCARDED };
	double start = seconds();
	must(ioctl(file, BLKDISCARD, range) == 0, "BLKDISCARD");
	figure("discard-1GiB", seconds() - start, "s");
	must(fdatasync(file) == 0, "fdatasync");
	figure("discard-1GiB-durable", seconds() - start, "s");
}

int main(int argc, char **argv)
{
	must(argc == 3, "what, and where");
	buffer = aligned_alloc(PAGE, MIB);
	must(buffer != NULL, "memory");
	if (wants(argc, argv, "rates"))
		rates(argv[2]);
	else if (wants(argc, argv, "discard"))
		discard(argv[2]);
	else {
		must(chdir(argv[2]) == 0, argv[2]);
		int file = open("synced", O_WRONLY | O_CREAT | O_TRUNC, 0666);
		must(file >= 0, "synced");
		figure("append-fsync", sync_pages(file, 0), "ms");
	}
	return 0;
}
