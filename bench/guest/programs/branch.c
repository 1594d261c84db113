/* Branches that depend on data: quicksort of random numbers, and binary searches among them. */
#include "bench.h"

#define LENGTH 16384

static uint32_t numbers[LENGTH];

static void sort(uint32_t *first, uint32_t *last)
{
	while (first < last) {
		uint32_t pivot = first[(last - first) / 2], *low = first, *high = last;
		while (low <= high) {
			while (*low < pivot)
				low++;
			while (*high > pivot)
				high--;
			if (low <= high) {
				uint32_t swapped = *low;
				*low++ = *high;
				*high-- = swapped;
			}
		}
		sort(first, high);
		first = low;
	}
}

/* How many numbers are less than this one. */
static uint32_t find(uint32_t number)
{
	uint32_t low = 0, high = LENGTH;
	while (low < high) {
		uint32_t middle = (low + high) / 2;
		if (numbers[middle] < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static uint64_t work(void)
{
	uint32_t state = 4711;
	for (int i = 0; i < LENGTH; i++)
		numbers[i] = next_random(&state);
	sort(numbers, numbers + LENGTH - 1);
	uint64_t check = 0;
	for (int i = 0; i < LENGTH; i++)
		check = mix(check, find(next_random(&state)));
	return check;
}

int main(void)
{
	return measure("branch", 1, work);
}
