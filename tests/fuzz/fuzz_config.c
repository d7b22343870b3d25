/* The file of --config. */
#include "fuzz_file.h"

#include "server/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *nowhere;
	if (nowhere == NULL)
		nowhere = fopen("/dev/null", "w");
	const char *file = file_of((struct span){(const char *)data, size});
	char *argv[] = {(char *)(size_t) "precis", (char *)(size_t) "--config",
			(char *)(size_t)file};
	struct config config, again;
	char names[400];
	if (config_read(&config, 3, argv, nowhere, nowhere) == CONFIG_RUN) {
		HOLDS(config.workers > 0 && config.listen.len > 0);
		HOLDS(config_read(&again, 3, argv, nowhere, nowhere) == CONFIG_RUN);
		HOLDS(*config_needs_restart(&config, &again, false, names, sizeof(names)) == '\0');
		config_free(&again);
		config_free(&config);
	}
	return 0;
}
