#include "gunzip.h"

#include <stdlib.h>
#include <zlib.h>

#define PIECE_BYTES 16384

struct gunzip {
	z_stream stream;
	bool ended, no_memory;
};

struct gunzip *gunzip_new(void)
{
	struct gunzip *gunzip = calloc(1, sizeof(*gunzip));
	if (gunzip == NULL)
		return NULL;
	/* 16: gzip, and nothing else */
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

bool gunzip_feed(struct gunzip *gunzip, const char *bytes, size_t len, gunzip_sink *sink, void *arg)
{
	char piece[PIECE_BYTES];
	z_stream *stream = &gunzip->stream;
	stream->next_in = (unsigned char *)(size_t)bytes;
	stream->avail_in = (uInt)len; /* a piece of a body: far below 4 GiB */
	while (stream->avail_in > 0 || stream->avail_out == 0) {
		if (gunzip->ended)
			return false; /* bytes behind the end; several members are not spoken here
				       */
		stream->next_out = (unsigned char *)piece;
		stream->avail_out = sizeof(piece);
		int status = inflate(stream, Z_NO_FLUSH);
		gunzip->no_memory = status == Z_MEM_ERROR;
		if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
			return false;
		gunzip->ended = status == Z_STREAM_END;
		size_t got = sizeof(piece) - stream->avail_out;
		if (got > 0 && !sink(arg, piece, got))
			return false;
		if (status == Z_BUF_ERROR || (gunzip->ended && stream->avail_in == 0))
			break;
	}
	return true;
}

bool gunzip_ended(const struct gunzip *gunzip)
{
	return gunzip->ended;
}

bool gunzip_lacks_memory(const struct gunzip *gunzip)
{
	return gunzip->no_memory;
}
