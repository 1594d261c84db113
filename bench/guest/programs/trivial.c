/* Ends at once: what kernel.c starts. */
int main(void)
{
	return 42;
}
