/* The sieve of Eratosthenes over 256 KiB; the check is how many primes there are. */
#include "bench.h"

#define LIMIT 262144

static uint8_t composite[LIMIT];

static uint64_t work(void)
{
	memset(composite, 0, sizeof composite);
	uint64_t primes = 0;
	for (uint32_t i = 2; i < LIMIT; i++) {
		if (composite[i])
			continue;
		primes++;
		for (uint64_t j = (uint64_t)i * i; j < LIMIT; j += i)
			composite[j] = 1;
	}
	return primes;
}

int main(void)
{
	return measure("sieve", 1, work);
}
