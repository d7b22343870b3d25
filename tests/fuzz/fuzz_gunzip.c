/* The first byte is the size of the pieces in which the rest arrives. */
#include "fuzz.h"

#include "server/gunzip.h"

struct out {
	char bytes[1 << 16];
	size_t len;
};

static bool take(void *arg, const char *bytes, size_t len)
{
	struct out *out = arg;
	if (len > sizeof(out->bytes) - out->len)
		return false;
	memcpy(out->bytes + out->len, bytes, len);
	out->len += len;
	return true;
}

static bool unpack(struct span bytes, size_t piece, struct out *out)
{
	struct gunzip *gunzip = gunzip_new();
	HOLDS(gunzip != NULL);
	out->len = 0;
	bool good = true;
	for (size_t at = 0; good && at < bytes.len; at += piece) {
		size_t len = bytes.len - at < piece ? bytes.len - at : piece;
		good = gunzip_feed(gunzip, bytes.at + at, len, take, out);
	}
	good = good && gunzip_ended(gunzip);
	gunzip_free(gunzip);
	return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct out whole, pieces;
	struct input input = {data, size};
	size_t piece = (size_t)input_byte(&input) + 1;
	struct span bytes = input_rest(&input);
	bool good = unpack(bytes, bytes.len + 1, &whole);
	HOLDS(unpack(bytes, piece, &pieces) == good);
	if (good)
		HOLDS(whole.len == pieces.len && memcmp(whole.bytes, pieces.bytes, whole.len) == 0);
	return 0;
}
