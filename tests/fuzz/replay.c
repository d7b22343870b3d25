/* Runs a fuzz target over the files of its corpus, so that every build, with or without libFuzzer,
 * tests again what was found once.
 *
 * usage: replay_NAME DIRECTORY */
#include "fuzz.h"

#include <glob.h>

static void replay(const char *path)
{
	FILE *file = fopen(path, "rb");
	if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	size_t size = (size_t)ftell(file);
	/* Exactly as large as the input, so that the sanitizer sees a read beyond it. */
	uint8_t *data = malloc(size == 0 ? 1 : size);
	rewind(file);
	if (data == NULL || fread(data, 1, size, file) != size) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	fclose(file);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
}

int main(int argc, char **argv)
{
	char pattern[4096];
	glob_t found;
	if (argc != 2)
		return EXIT_FAILURE;
	snprintf(pattern, sizeof(pattern), "%s/*", argv[1]);
	if (glob(pattern, 0, NULL, &found) != 0) {
		fprintf(stderr, "no corpus in %s\n", argv[1]);
		return EXIT_FAILURE;
	}
	for (size_t i = 0; i < found.gl_pathc; i++)
		replay(found.gl_pathv[i]);
	printf("%zu inputs\n", found.gl_pathc);
	globfree(&found);
	return EXIT_SUCCESS;
}
