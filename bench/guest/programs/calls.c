/* Calls, in millions: of Fibonacci's function by itself (`fib`), and through a table of functions (`pointers`). */
#include "bench.h"

#define FIB 24
#define FIB_CALLS 150049
#define CALLS 200000

/* The compiler would put several levels of the recursion into one function. */
__attribute__((noinline, optimize("no-optimize-sibling-calls"))) static uint32_t fib(uint32_t n)
{
	return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static uint64_t by_itself(void)
{
	return fib(FIB);
}

static uint32_t plus(uint32_t x, uint32_t i) { return x + i; }
static uint32_t times(uint32_t x, uint32_t i) { return x * 5 + i; }
static uint32_t exclusive(uint32_t x, uint32_t i) { return x ^ i << 3; }
static uint32_t rotated(uint32_t x, uint32_t i) { return (x << 7 | x >> 25) - i; }
static uint32_t shifted(uint32_t x, uint32_t i) { return x ^ x >> (i & 15); }
static uint32_t minus(uint32_t x, uint32_t i) { return i - x; }
static uint32_t inverted(uint32_t x, uint32_t i) { return ~x + i; }
static uint32_t squared(uint32_t x, uint32_t i) { return x * x + i; }

static uint32_t (*const volatile functions[8])(uint32_t, uint32_t) = {
	plus, times, exclusive, rotated, shifted, minus, inverted, squared,
};

static uint64_t by_pointers(void)
{
	uint32_t x = 1;
	for (uint32_t i = 0; i < CALLS; i++)
		x = functions[(x ^ i) & 7](x, i);
	return x;
}

int main(int argc, char **argv)
{
	if (wants(argc, argv, "pointers"))
		return measure("calls-pointers", CALLS / 1e6, by_pointers);
	return measure("calls-fib", FIB_CALLS / 1e6, by_itself);
}
