/* An interpreter of bytecode with a stack, dispatched by a switch; in millions of bytecodes. */
#include "bench.h"

#define LIMIT 20000

enum op { PUSH, LOAD, STORE, ADD, MULTIPLY, XOR, AND, SHIFT, LESS, JUMP, JUMP_UNLESS, HALT };
enum variable { I, SUM, VARIABLES };

struct instruction {
	enum op op;
	uint32_t operand;
};

/* sum = 1; for (i = 0; i < LIMIT; i++) sum = sum & 1 ? sum * 3 ^ i : (sum >> 1) + i; */
static const struct instruction program[] = {
	[0] = { PUSH, 1 },     { STORE, SUM },  { PUSH, 0 },     { STORE, I },
	[4] = { LOAD, I },     { PUSH, LIMIT }, { LESS, 0 },     { JUMP_UNLESS, 29 },
	[8] = { LOAD, SUM },   { PUSH, 1 },     { AND, 0 },      { JUMP_UNLESS, 18 },
	[12] = { LOAD, SUM },  { PUSH, 3 },     { MULTIPLY, 0 }, { LOAD, I }, { XOR, 0 }, { JUMP, 23 },
	[18] = { LOAD, SUM },  { PUSH, 1 },     { SHIFT, 0 },    { LOAD, I }, { ADD, 0 },
	[23] = { STORE, SUM }, { LOAD, I },     { PUSH, 1 },     { ADD, 0 },  { STORE, I }, { JUMP, 4 },
	[29] = { LOAD, SUM },  { HALT, 0 },
};

static uint64_t executed;

static uint32_t run(const struct instruction *code)
{
	uint32_t stack[16], variables[VARIABLES] = { 0 }, *top = stack;
	for (const struct instruction *at = code;; executed++) {
		uint32_t operand = at->operand;
		switch ((at++)->op) {
		case PUSH:
			*top++ = operand;
			break;
		case LOAD:
			*top++ = variables[operand];
			break;
		case STORE:
			variables[operand] = *--top;
			break;
		case ADD:
			top--;
			top[-1] += top[0];
			break;
		case MULTIPLY:
			top--;
			top[-1] *= top[0];
			break;
		case XOR:
			top--;
			top[-1] ^= top[0];
			break;
		case AND:
			top--;
			top[-1] &= top[0];
			break;
		case SHIFT:
			top--;
			top[-1] >>= top[0] & 31;
			break;
		case LESS:
			top--;
			top[-1] = top[-1] < top[0];
			break;
		case JUMP:
			at = code + operand;
			break;
		case JUMP_UNLESS:
			if (*--top == 0)
				at = code + operand;
			break;
		case HALT:
			return top[-1];
		}
	}
}

static uint64_t work(void)
{
	return run(program);
}

int main(void)
{
	run(program);
	return measure("vm", (double)executed / 1e6, work);
}
