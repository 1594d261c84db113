/* CRC-32 of a buffer, `bitwise` or with a `table`, in MiB. */
#include "bench.h"

#define LENGTH 65536

static uint8_t buffer[LENGTH];
static uint32_t table[256];

static uint32_t byte_bitwise(uint32_t crc)
{
	for (int bit = 0; bit < 8; bit++)
		crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
	return crc;
}

static uint64_t bitwise(void)
{
	uint32_t crc = 0xffffffff;
	for (int i = 0; i < LENGTH; i++)
		crc = byte_bitwise(crc ^ buffer[i]);
	return ~crc;
}

static uint64_t by_table(void)
{
	uint32_t crc = 0xffffffff;
	for (int i = 0; i < LENGTH; i++)
		crc = crc >> 8 ^ table[(crc ^ buffer[i]) & 255];
	return ~crc;
}

int main(int argc, char **argv)
{
	uint32_t state = 99;
	for (int i = 0; i < LENGTH; i++)
		buffer[i] = (uint8_t)next_random(&state);
	for (uint32_t i = 0; i < 256; i++)
		table[i] = byte_bitwise(i);
	double mib = LENGTH / 1048576.0;
	return wants(argc, argv, "table") ? measure("crc-table", mib, by_table) : measure("crc-bitwise", mib, bitwise);
}
