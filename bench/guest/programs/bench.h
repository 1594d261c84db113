/*
 * What all programs share: a piece of work is repeated, first to warm up, then against the clock.
 *
 * A program prints
 *
 *     begin NAME MS                     when the clock starts, to run so many milliseconds at least
 *     rate NAME VALUE CHECK SECONDS     when it has stopped: units of work in a second, what each piece returned, and
 *                                       how long the clock ran
 *     wrong NAME GOT EXPECTED           instead, if a piece returned something else than the first one
 *
 * The check depends on nothing but the program: it is the same on every processor, and bench/guest/tests.ts knows it.
 * BENCH_MS in the environment is how long the clock runs, BENCH_WARM_MS how long it warms up before, in milliseconds.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef uint64_t Work(void);

static double seconds(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void repeat(const char *name, Work *work, uint64_t count, uint64_t check)
{
	while (count-- > 0) {
		uint64_t got = work();
		if (got != check) {
			printf("wrong %s %016" PRIx64 " %016" PRIx64 "\n", name, got, check);
			exit(1);
		}
	}
}

static double seconds_of(const char *variable)
{
	const char *milliseconds = getenv(variable);
	return (milliseconds == NULL ? 1000 : atof(milliseconds)) / 1000;
}

/* `units` is how many VALUE counts for one piece of work. Returns the status of the program. */
static inline int measure(const char *name, double units, Work *work)
{
	double length = seconds_of("BENCH_MS");
	uint64_t check = work();

	/* So many pieces between looks at the clock that they take a fiftieth of the time. */
	uint64_t count = 1;
	double end = seconds() + seconds_of("BENCH_WARM_MS");
	for (double start = seconds(); start < end;) {
		repeat(name, work, count, check);
		double now = seconds();
		if (now - start < length / 50)
			count *= 2;
		start = now;
	}

	printf("begin %s %.0f\n", name, length * 1000);
	fflush(stdout);
	uint64_t done = 0;
	double elapsed, start = seconds();
	do {
		repeat(name, work, count, check);
		done += count;
		elapsed = seconds() - start;
	} while (elapsed < length);
	printf("rate %s %.6g %016" PRIx64 " %.6f\n", name, units * (double)done / elapsed, check, elapsed);
	return fflush(stdout);
}

/* Numbers that look random, the same ones everywhere (Marsaglia's xorshift, 32 bits). */
static inline uint32_t next_random(uint32_t *state)
{
	uint32_t x = *state;
	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return *state = x;
}

/* Adds a value to a check. */
static inline uint64_t mix(uint64_t check, uint64_t value)
{
	return (check ^ value) * 0x100000001b3u;
}

/* Whether the first argument is this word. */
static inline int wants(int argc, char **argv, const char *word)
{
	return argc > 1 && strcmp(argv[1], word) == 0;
}
