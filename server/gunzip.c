#include "gunzip.h"

#include <stdlib.h>
#include <zlib.h>

struct gunzip {
	z_stream stream;
	bool ended, no_memory;
};

struct gunzip *gunzip_new(void)
{
	struct gunzip *gunzip = calloc(1, sizeof(*gunzip));
	if (gunzip == NULL)
		return NULL;
	/* 16: accept gzip and nothing else */
	if (inflateInit2(&gunzip->stream, 16 + MAX_WBITS) == Z_OK)
		return gunzip;
	free(gunzip);
	return NULL;
}

void gunzip_free(struct gunzip *gunzip)
{
	if (gunzip == NULL)
		return;
	inflateEnd(&gunzip->stream);
	free(gunzip);
}

ssize_t gunzip_draw(struct gunzip *gunzip, const char *bytes, size_t *len, char *out, size_t room)
{
	z_stream *stream = &gunzip->stream;
	stream->next_in = (unsigned char *)(size_t)bytes;
	stream->avail_in = (uInt)*len; /* a piece of a body: far below 4 GiB */
	stream->next_out = (unsigned char *)out;
	stream->avail_out = (uInt)room;
	int status = Z_OK;
	while (status == Z_OK && stream->avail_out > 0 &&
	       (stream->avail_in > 0 || !gunzip->ended)) {
		if (gunzip->ended) /* more follows: the next member */
			inflateReset(stream);
		status = inflate(stream, Z_NO_FLUSH);
		gunzip->ended = status == Z_STREAM_END;
		if (gunzip->ended)
			status = Z_OK;
	}
	gunzip->no_memory = status == Z_MEM_ERROR;
	*len -= stream->avail_in;
	/* Z_BUF_ERROR: zlib needs more input. A fault is reported again by the next call. */
	size_t made = room - stream->avail_out;
	return status == Z_OK || status == Z_BUF_ERROR || made > 0 ? (ssize_t)made : -1;
}

bool gunzip_ended(const struct gunzip *gunzip)
{
	return gunzip->ended;
}

bool gunzip_lacks_memory(const struct gunzip *gunzip)
{
	return gunzip->no_memory;
}
