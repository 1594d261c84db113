/* Multiplies matrices of 32-bit integers, in millions of multiplications. */
#include "bench.h"

#define N 96

static int32_t a[N][N], b[N][N], c[N][N];

static uint64_t work(void)
{
	for (int i = 0; i < N; i++) {
		for (int j = 0; j < N; j++) {
			int32_t sum = 0;
			for (int k = 0; k < N; k++)
				sum += a[i][k] * b[k][j];
			c[i][j] = sum;
		}
	}
	uint64_t check = 0;
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++)
			check = mix(check, (uint32_t)c[i][j]);
	return check;
}

int main(void)
{
	uint32_t state = 1;
	for (int i = 0; i < N; i++) {
		for (int j = 0; j < N; j++) {
			a[i][j] = (int32_t)(next_random(&state) % 2000) - 1000;
			b[i][j] = (int32_t)(next_random(&state) % 2000) - 1000;
		}
	}
	return measure("matrix-integer", N * N * N / 1e6, work);
}
