/* Multiplies matrices of doubles, in millions of multiplications. */
#include "bench.h"

#define N 96

static double a[N][N], b[N][N], c[N][N];

static uint64_t work(void)
{
	for (int i = 0; i < N; i++) {
		for (int j = 0; j < N; j++) {
			double sum = 0;
			for (int k = 0; k < N; k++)
				sum += a[i][k] * b[k][j];
			c[i][j] = sum;
		}
	}
	uint64_t check = 0;
	for (int i = 0; i < N; i++) {
		for (int j = 0; j < N; j++) {
			uint64_t bits;
			memcpy(&bits, &c[i][j], sizeof bits);
			check = mix(check, bits);
		}
	}
	return check;
}

int main(void)
{
	uint32_t state = 1;
	for (int i = 0; i < N; i++) {
		for (int j = 0; j < N; j++) {
			a[i][j] = next_random(&state) / 4294967296.0 - 0.5;
			b[i][j] = next_random(&state) / 4294967296.0 - 0.5;
		}
	}
	return measure("matrix-double", N * N * N / 1e6, work);
}
