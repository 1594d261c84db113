/* The planets of the sun, step by step, in thousands of steps. Compiled without fused multiply-add: all round alike. */
#include "bench.h"
#include <math.h>

#define BODIES 5
#define STEPS 2000

struct body {
	double x[3], v[3], mass;
};

static const double sun_mass = 39.47841760435743, year = 365.24;

/* Positions in astronomical units, velocities in units a day, masses of the sun. */
static const struct body planets[BODIES] = {
	{ { 0, 0, 0 }, { 0, 0, 0 }, 1 },
	{ { 4.84143144246472090e+00, -1.16032004402742839e+00, -1.03622044471123109e-01 },
	  { 1.66007664274403694e-03, 7.69901118419740425e-03, -6.90460016972063023e-05 },
	  9.54791938424326609e-04 },
	{ { 8.34336671824457987e+00, 4.12479856412430479e+00, -4.03523417114321381e-01 },
	  { -2.76742510726411904e-03, 4.99852801234917238e-03, 2.30417297573763929e-05 },
	  2.85885980666130812e-04 },
	{ { 1.28943695621391310e+01, -1.51111514016986312e+01, -2.23307578892655734e-01 },
	  { 2.96460137564761618e-03, 2.37847173959480950e-03, -2.96589568540237556e-05 },
	  4.36624404335156298e-05 },
	{ { 1.53796971148509165e+01, -2.59193146099879641e+01, 1.79258772950371181e-01 },
	  { 2.68067772490389322e-03, 1.62824170038242295e-03, -9.51592254519715870e-05 },
	  5.15138902046611451e-05 },
};

static void advance(struct body *bodies, double dt)
{
	for (int i = 0; i < BODIES; i++) {
		struct body *a = &bodies[i];
		for (int j = i + 1; j < BODIES; j++) {
			struct body *b = &bodies[j];
			double d[3], square = 0;
			for (int k = 0; k < 3; k++) {
				d[k] = a->x[k] - b->x[k];
				square += d[k] * d[k];
			}
			double magnitude = dt / (square * sqrt(square));
			for (int k = 0; k < 3; k++) {
				a->v[k] -= d[k] * b->mass * magnitude;
				b->v[k] += d[k] * a->mass * magnitude;
			}
		}
	}
	for (int i = 0; i < BODIES; i++)
		for (int k = 0; k < 3; k++)
			bodies[i].x[k] += dt * bodies[i].v[k];
}

static uint64_t work(void)
{
	struct body bodies[BODIES];
	memcpy(bodies, planets, sizeof bodies);
	for (int i = 0; i < BODIES; i++) {
		bodies[i].mass *= sun_mass;
		for (int k = 0; k < 3; k++)
			bodies[i].v[k] *= year;
	}
	for (int i = 0; i < STEPS; i++)
		advance(bodies, 0.01);
	uint64_t check = 0;
	for (int i = 0; i < BODIES; i++) {
		uint64_t bits[3];
		memcpy(bits, bodies[i].x, sizeof bits);
		check = mix(mix(mix(check, bits[0]), bits[1]), bits[2]);
	}
	return check;
}

int main(void)
{
	return measure("nbody", STEPS / 1e3, work);
}
