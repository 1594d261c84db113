/* A state machine that tells numbers in a text apart, as CoreMark has one; in millions of characters. */
#include "bench.h"

#define LENGTH 65536

enum state { START, SIGN, INTEGER, POINT, FRACTION, EXPONENT, EXPONENT_SIGN, SCIENTIFIC, INVALID, STATES };

static char text[LENGTH + 1];

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static enum state step(enum state state, char c)
{
	switch (state) {
	case START:
		if (c == '+' || c == '-')
			return SIGN;
		/* fall through */
	case SIGN:
		return is_digit(c) ? INTEGER : c == '.' ? POINT : INVALID;
	case INTEGER:
		return is_digit(c) ? INTEGER : c == '.' ? FRACTION : c == 'e' || c == 'E' ? EXPONENT : INVALID;
	case POINT:
		return is_digit(c) ? FRACTION : INVALID;
	case FRACTION:
		return is_digit(c) ? FRACTION : c == 'e' || c == 'E' ? EXPONENT : INVALID;
	case EXPONENT:
		if (c == '+' || c == '-')
			return EXPONENT_SIGN;
		/* fall through */
	case EXPONENT_SIGN:
	case SCIENTIFIC:
		return is_digit(c) ? SCIENTIFIC : INVALID;
	default:
		return INVALID;
	}
}

static uint64_t work(void)
{
	uint64_t ends[STATES] = { 0 }, steps[STATES] = { 0 };
	enum state state = START;
	for (const char *at = text; *at != '\0'; at++) {
		if (*at == ',') {
			ends[state]++;
			state = START;
		} else {
			state = step(state, *at);
			steps[state]++;
		}
	}
	uint64_t check = 0;
	for (int i = 0; i < STATES; i++)
		check = mix(mix(check, ends[i]), steps[i]);
	return check;
}

int main(void)
{
	static const char *const samples[] = {
		"5012,", "1234,", "-874,", "+122,", "35.54400,", ".1234500,", "-110.700,", "+0.64400,", "5.500e+3,",
		"-.123e-2,", "-87e+832,", "+0.6e-12,", "T0.3e-1F,", "-T.T++Tq,", "1T3.4e4z,", "34.0e-T^,",
	};
	uint32_t state = 7;
	for (size_t length = 0;;) {
		const char *sample = samples[next_random(&state) >> 28];
		if (length + strlen(sample) > LENGTH)
			break;
		strcpy(text + length, sample);
		length += strlen(sample);
	}
	return measure("state", (double)strlen(text) / 1e6, work);
}
