/*
 * What the kernel does for programs. The first argument says what is counted:
 *
 *   syscall   calls that do nothing
 *   pipe      a byte through a pipe to another process, and one back
 *   fork      processes that end at once
 *   exec      processes that run the program ./trivial
 *   pages     pages of anonymous memory that are touched for the first time, with their mmap and munmap
 *   cow       pages of a private mapping of a file that are written to, with its mmap and munmap
 */
#define _GNU_SOURCE
#include "bench.h"
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALLS 1000
#define TURNS 20
#define PAGE 4096
#define PAGES 512

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t calling(void)
{
	uint64_t calls = 0;
	for (int i = 0; i < CALLS; i++)
		calls += syscall(SYS_getppid) >= 0;
	return calls;
}

static int there[2], back[2];

/* Answers each byte with the next one, until the other end is closed. */
static void answer(void)
{
	uint8_t byte;
	close(there[1]);
	while (read(there[0], &byte, 1) == 1) {
		byte++;
		if (write(back[1], &byte, 1) != 1)
			break;
	}
	_exit(0);
}

static uint64_t turning(void)
{
	uint8_t byte = 0;
	for (int i = 0; i < TURNS; i++)
		if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
			fail("pipe");
	return byte;
}

static int measure_pipe(void)
{
	if (pipe(there) != 0 || pipe(back) != 0)
		fail("pipe");
	pid_t child = fork();
	if (child < 0)
		fail("fork");
	if (child == 0)
		answer();
	int status = measure("pipe", TURNS, turning);
	close(there[1]);
	waitpid(child, NULL, 0);
	return status;
}

static uint64_t ended(pid_t child)
{
	int status;
	if (child < 0 || waitpid(child, &status, 0) != child)
		fail("fork");
	return WIFEXITED(status) ? (uint64_t)WEXITSTATUS(status) : 1000;
}

static uint64_t forking(void)
{
	pid_t child = fork();
	if (child == 0)
		_exit(42);
	return ended(child);
}

static uint64_t executing(void)
{
	pid_t child = fork();
	if (child == 0) {
		execl("./trivial", "trivial", NULL);
		_exit(127);
	}
	return ended(child);
}

static int file = -1;

/* Writes to each page of a new mapping: of the file, or of nothing. */
static uint64_t touching(void)
{
	int flags = MAP_PRIVATE | (file < 0 ? MAP_ANONYMOUS : 0);
	uint8_t *bytes = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, flags, file, 0);
	if (bytes == MAP_FAILED)
		fail("mmap");
	uint64_t check = 0;
	for (int i = 0; i < PAGES; i++)
		check += ++bytes[i * PAGE];
	munmap(bytes, PAGES * PAGE);
	return check;
}

static void make_file(void)
{
	static uint8_t page[PAGE];
	memset(page, 7, sizeof page);
	file = memfd_create("bench", 0);
	for (int i = 0; i < PAGES; i++)
		if (write(file, page, PAGE) != PAGE)
			fail("memfd");
}

int main(int argc, char **argv)
{
	if (wants(argc, argv, "pipe"))
		return measure_pipe();
	if (wants(argc, argv, "fork"))
		return measure("fork", 1, forking);
	if (wants(argc, argv, "exec"))
		return measure("exec", 1, executing);
	if (wants(argc, argv, "pages"))
		return measure("pages", PAGES, touching);
	if (wants(argc, argv, "cow")) {
		make_file();
		return measure("cow", PAGES, touching);
	}
	return measure("syscall", CALLS, calling);
}
