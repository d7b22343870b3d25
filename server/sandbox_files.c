#include "sandbox.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <link.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Rights that came after version 1 of Landlock; older headers lack their names. */
#define RIGHTS_1 (((uint64_t)1 << 13) - 1)
#define RIGHT_REFER ((uint64_t)1 << 13)
#define RIGHT_TRUNCATE ((uint64_t)1 << 14)
#define RIGHT_IOCTL_DEV ((uint64_t)1 << 15)

#define READ_FILE ((uint64_t)LANDLOCK_ACCESS_FS_READ_FILE)
#define READ_FOLDER (READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

/* Folders of the resolver and the TLS library. All of /etc, because resolv.conf is
 * replaced by a new file when the network changes, and a rule for the old file would not
 * let us see the new one. */
static const char *const system_folders[] = {
	"/etc",
	"/run/systemd/resolve",
	"/run/resolvconf",
	"/run/NetworkManager",
	"/usr/lib/ssl",
	"/usr/share/ca-certificates",
	"/usr/local/share/ca-certificates",
	"/sys/devices/system/cpu",
};

/* Every right that exists in that version, because rights not named here stay unrestricted. */
static uint64_t rights_of(long version)
{
	return RIGHTS_1 | (version >= 2 ? RIGHT_REFER : 0) | (version >= 3 ? RIGHT_TRUNCATE : 0) |
	       (version >= 5 ? RIGHT_IOCTL_DEV : 0);
}

/* A path that does not exist needs no rule. */
static int allow(int ruleset, const char *path)
{
	struct stat about;
	int at = open(path, O_PATH | O_CLOEXEC);
	if (at >= 0 && fstat(at, &about) == 0) {
		const struct landlock_path_beneath_attr rule = {
			.allowed_access = S_ISDIR(about.st_mode) ? READ_FOLDER : READ_FILE,
			.parent_fd = at};
		syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	}
	return at;
}

static void allow_once(int ruleset, const char *path)
{
	int at = allow(ruleset, path);
	if (at >= 0)
		close(at);
}

/* Allow the folder of `path`; for a file in the root folder, only the file. */
static void allow_folder_of(int ruleset, const char *path)
{
	char folder[PATH_MAX];
	if (strlen(path) >= sizeof(folder))
		return;
	strcpy(folder, path);
	const char *name = dirname(folder);
	allow_once(ruleset, strcmp(name, "/") == 0 ? path : name);
}

/* Allow both where the name is and where it leads to, because either may be replaced. */
static void allow_file(int ruleset, const char *path)
{
	char *real = realpath(path, NULL);
	allow_folder_of(ruleset, path);
	if (real != NULL)
		allow_folder_of(ruleset, real);
	free(real);
}

struct library_rules {
	int ruleset;
	char last[PATH_MAX]; /* last folder allowed, with a slash: nearly all of forty are in the
				same */
};

/* Name service modules are loaded at the first look-up, from the C library's folder. */
static int allow_library(struct dl_phdr_info *library, size_t size, void *arg)
{
	struct library_rules *rules = arg;
	const char *slash = strrchr(library->dlpi_name, '/');
	if (slash == NULL)
		return 0;
	size_t len = (size_t)(slash - library->dlpi_name) + 1;
	if (strncmp(rules->last, library->dlpi_name, len) == 0 && rules->last[len] == '\0')
		return 0;
	allow_folder_of(rules->ruleset, library->dlpi_name);
	snprintf(rules->last, sizeof(rules->last), "%.*s", (int)len, library->dlpi_name);
	return 0;
}

unsigned sandbox_restrict_files(const char *const *files)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (version < 1)
		return 0;
	const struct landlock_ruleset_attr attr = {.handled_access_fs = rights_of(version)};
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (ruleset < 0)
		return 0;
	for (size_t i = 0; i < sizeof(system_folders) / sizeof(system_folders[0]); i++)
		allow_once(ruleset, system_folders[i]);
	allow_file(ruleset, "/etc/resolv.conf");
	for (; *files != NULL; files++)
		if (**files != '\0')
			allow_file(ruleset, *files);
	struct library_rules libraries = {.ruleset = ruleset};
	dl_iterate_phdr(allow_library, &libraries);
	/* For the metrics. It stays open because otherwise procfs makes a new folder, which no
	 * rule knows. */
	int own = allow(ruleset, "/proc/self");
	bool restricted = syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
	if (!restricted && own >= 0)
		close(own);
	close(ruleset);
	return restricted ? (unsigned)version : 0;
}
