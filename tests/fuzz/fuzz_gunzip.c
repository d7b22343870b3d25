/* The first byte is the size of the pieces in which the rest arrives. */
#include "fuzz.h"

#include "server/gunzip.h"

struct out {
	char bytes[1 << 16];
	size_t len;
};

/* What one piece unpacks to. */
static bool draw(struct gunzip *gunzip, const char *bytes, size_t len, struct out *out)
{
	ssize_t got;
	size_t room;
	do {
		size_t taken = len;
		room = sizeof(out->bytes) - out->len < 1000 ? sizeof(out->bytes) - out->len : 1000;
		if (room == 0)
			return false;
		got = gunzip_draw(gunzip, bytes, &taken, out->bytes + out->len, room);
		HOLDS(taken <= len && got <= (ssize_t)room);
		bytes += taken;
		len -= taken;
		out->len += got > 0 ? (size_t)got : 0;
	} while (got > 0);
	HOLDS(got < 0 || len == 0);
	return got >= 0;
}

static bool unpack(struct span bytes, size_t piece, struct out *out)
{
	struct gunzip *gunzip = gunzip_new();
	HOLDS(gunzip != NULL);
	out->len = 0;
	bool good = true;
	for (size_t at = 0; good && at < bytes.len; at += piece) {
		size_t len = bytes.len - at < piece ? bytes.len - at : piece;
		good = draw(gunzip, bytes.at + at, len, out);
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
