/* Compiled once a header, as HEADER: each header stands alone and can be read twice. */
#include HEADER
#include HEADER

int main(void)
{
	return 0;
}
