#include "check.h"

#include "server/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void nobody_asks_and_nothing_happens(void **state)
{
	int sockets[SYSTEMD_MAX_LISTENERS];
	unsetenv("NOTIFY_SOCKET");
	unsetenv("LISTEN_PID");
	setenv("LISTEN_FDS", "2", 1);
	assert_false(systemd_notify("READY=1"));
	assert_int_equal(systemd_listeners(sockets), 0);
	assert_null(getenv("LISTEN_FDS"));
}

static void descriptors_of_another_process_are_left_alone(void **state)
{
	int sockets[SYSTEMD_MAX_LISTENERS];
	setenv("LISTEN_PID", "1", 1);
	setenv("LISTEN_FDS", "1", 1);
	assert_int_equal(systemd_listeners(sockets), 0);
}

/* Set LISTEN_FDS as if a supervisor had set it for this process. */
static int listeners_of(const char *count, int sockets[SYSTEMD_MAX_LISTENERS])
{
	char pid[16];
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", count, 1);
	return systemd_listeners(sockets);
}

static void wrong_counts_are_refused(void **state)
{
	static const char *const counts[] = {"3", "-1", "", "x", "1x", "99999999999999999999"};
	int sockets[SYSTEMD_MAX_LISTENERS];
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		CHECK(counts[i], listeners_of(counts[i], sockets) == -1 && errno == EINVAL);
}

/* Put `socket` (taken) where the protocol has its first descriptor; returns what was there. */
static int place(int socket)
{
	int saved = dup(3);
	dup2(socket, 3);
	close(socket);
	return saved;
}

static void put_back(int saved)
{
	close(3);
	if (saved >= 0) {
		dup2(saved, 3);
		close(saved);
	}
}

static void a_listening_socket_is_taken(void **state)
{
	int sockets[SYSTEMD_MAX_LISTENERS], spare = open("/dev/null", O_RDONLY);
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&any, sizeof(any)), 0);
	assert_int_equal(listen(listener, 8), 0);
	int saved = place(listener == 3 ? dup(listener) : listener);
	int count = listeners_of("1", sockets);
	bool prepared = (fcntl(3, F_GETFL) & O_NONBLOCK) && (fcntl(3, F_GETFD) & FD_CLOEXEC);
	put_back(saved);
	close(spare);
	assert_int_equal(count, 1);
	assert_int_equal(sockets[0], 3);
	assert_true(prepared);
}

static void what_does_not_listen_is_refused(void **state)
{
	int sockets[SYSTEMD_MAX_LISTENERS], spare = open("/dev/null", O_RDONLY);
	int saved = place(socket(AF_INET, SOCK_STREAM, 0));
	int count = listeners_of("1", sockets);
	int error = errno;
	put_back(saved);
	close(spare);
	assert_int_equal(count, -1);
	assert_int_equal(error, ENOTSOCK);
}

static void states_arrive_by_abstract_name(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t len = sizeof(sa_family_t); /* the kernel chooses a name */
	int receiver = socket(AF_UNIX, SOCK_DGRAM, 0);
	assert_int_equal(bind(receiver, (struct sockaddr *)&address, len), 0);
	len = sizeof(address);
	getsockname(receiver, (struct sockaddr *)&address, &len);
	char name[sizeof(address.sun_path) + 1] = "@", got[128];
	memcpy(name + 1, address.sun_path + 1, len - sizeof(sa_family_t) - 1);
	setenv("NOTIFY_SOCKET", name, 1);
	int lowest = dup(receiver);
	close(lowest);
	assert_true(systemd_notify("READY=1"));
	assert_int_equal(dup(receiver), lowest); /* none is left open: a reload sends two states */
	close(lowest);
	ssize_t got_len = recv(receiver, got, sizeof(got), 0);
	assert_int_equal(got_len, 7);
	assert_memory_equal(got, "READY=1", 7);
	assert_true(systemd_notify_reloading());
	got_len = recv(receiver, got, sizeof(got) - 1, 0);
	assert_true(got_len > 0);
	got[got_len] = '\0';
	assert_ptr_equal(strstr(got, "RELOADING=1\nMONOTONIC_USEC="), got);
	close(receiver);
	assert_false(systemd_notify("READY=1"));
	unsetenv("NOTIFY_SOCKET");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_asks_and_nothing_happens),
		cmocka_unit_test(descriptors_of_another_process_are_left_alone),
		cmocka_unit_test(wrong_counts_are_refused),
		cmocka_unit_test(a_listening_socket_is_taken),
		cmocka_unit_test(what_does_not_listen_is_refused),
		cmocka_unit_test(states_arrive_by_abstract_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
