/*
 * Memory: `memcpy` and `memset` of the C library over 16 KiB, which fit a cache, and with a second argument `large` over
 * 8 MiB, which do not, in MiB; `chase` follows pointers to one line after the other of 32 MiB, in millions of loads.
 */
#include "bench.h"

#define SMALL 16384
#define LARGE 8388608
#define ROUNDS 64
#define LINES 524288
#define WORDS 16

static uint8_t source[LARGE], target[LARGE];
static size_t length = SMALL;

/* The compiler knows what these do, and would leave out what nobody reads. */
static void *(*volatile copy)(void *, const void *, size_t) = memcpy;
static void *(*volatile set)(void *, int, size_t) = memset;

/* What lies in the target, at 64 places. */
static uint64_t sampled(void)
{
	uint64_t check = 0;
	for (size_t i = 0; i < 64; i++)
		check = mix(check, target[length / 64 * i + i]);
	return check;
}

static int times(void)
{
	return length == SMALL ? ROUNDS : 1;
}

static uint64_t copying(void)
{
	for (int i = 0; i < times(); i++)
		copy(target, source, length);
	return sampled();
}

static uint64_t setting(void)
{
	for (int i = 0; i < times(); i++)
		set(target, 0x40 + i, length);
	return sampled();
}

/* Each line's first word is the number of the next one; the way leads through all of them. */
static uint32_t (*lines)[WORDS];

static void lay_lines(void)
{
	lines = malloc(LINES * sizeof *lines);
	uint32_t state = 2463534242u;
	for (uint32_t i = 0; i < LINES; i++)
		lines[i][0] = i;
	for (uint32_t i = LINES - 1; i > 0; i--) {
		uint32_t j = next_random(&state) % i, swapped = lines[i][0];
		lines[i][0] = lines[j][0];
		lines[j][0] = swapped;
	}
}

static uint64_t chasing(void)
{
	uint64_t check = 0;
	uint32_t at = 0;
	for (uint32_t i = 0; i < LINES; i++) {
		at = lines[at][0];
		check += (uint64_t)at * (i & 3);
	}
	return check;
}

int main(int argc, char **argv)
{
	if (wants(argc, argv, "chase")) {
		lay_lines();
		return measure("chase", LINES / 1e6, chasing);
	}
	int large = argc > 2;
	length = large ? LARGE : SMALL;
	double mib = (double)length * times() / 1048576;
	uint32_t state = 5;
	for (size_t i = 0; i < length; i++)
		source[i] = (uint8_t)next_random(&state);
	if (wants(argc, argv, "memset"))
		return measure(large ? "memset-8m" : "memset-16k", mib, setting);
	return measure(large ? "memcpy-8m" : "memcpy-16k", mib, copying);
}
