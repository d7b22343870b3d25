/* The first byte: month first or not. The result, read again, gives the same date. */
#include "fuzz.h"

#include "core/dates.h"
#include "core/utf8.h"

static void check(const char *date)
{
	static const char offset[] = "0000-00-00T00:00:00+00:00", zulu[] = "0000-00-00T00:00:00Z";
	size_t len = strlen(date);
	const char *shape = len == strlen(zulu) ? zulu : offset;
	HOLDS(len == 10 || len == strlen(shape));
	for (size_t i = 0; i < len; i++)
		HOLDS(shape[i] == '0'   ? date[i] >= '0' && date[i] <= '9'
		      : shape[i] == '+' ? date[i] == '+' || date[i] == '-'
					: date[i] == shape[i]);
	HOLDS(memcmp(date, "1990", 4) >= 0 && memcmp(date, "2099", 4) <= 0);
	char again[DATE_MAX];
	HOLDS(date_read(span_of(date), false, again) && strcmp(date, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	bool month_first = input_byte(&input) & 1;
	struct span text = input_rest(&input);
	text.len = utf8_check(text);
	char date[DATE_MAX];
	if (date_read(text, month_first, date))
		check(date);
	if (date_read_url(text, date))
		check(date);
	return 0;
}
