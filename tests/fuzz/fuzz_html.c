#include "fuzz.h"

#include "core/utf8.h"
#include "tests/html_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span html = {(const char *)data, size};
	html.len = utf8_check(html);
	if (size <= 1 << 14)
		HOLDS(html_fault(html) == NULL);
	return 0;
}
