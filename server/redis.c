#include "redis.h"

#include "address.h"
#include "log.h"
#include "lookup.h"
#include "monotonic.h"
#include "redis_command.h"
#include "redis_error.h"
#include "redis_link.h"
#include "timers.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/un.h>
#include <unistd.h>

/* Time limit from the first packet to the last reply of the greeting; no request waits for it. */
#define CONNECT_MS 2000
/* The first and the longest pause between two attempts to connect. */
#define PAUSE_FIRST_MS 50
#define PAUSE_MAX_MS 3000
/* Bytes of commands that may wait to be sent; with more, the server counts as too slow. */
#define OUT_MAX_BYTES (32u << 20)
#define IDLE_MS 60000
#define NS_PER_S (1000 * NS_PER_MS)

enum state {
	STATE_AWAY,     /* until retry_ns */
	STATE_LOOKING,  /* looks up its name, which ends by itself */
	STATE_OPENING,  /* TCP, TLS */
	STATE_GREETING, /* log in; see that it can be written to */
	STATE_UP,
};

struct redis {
	struct redis_options options;
	SSL_CTX *tls;
	struct lookups *lookups;
	pthread_t thread;
	int event; /* written to by other threads when they have news */
	atomic_bool up;

	pthread_mutex_t lock; /* guards these three */
	struct redis_commands submitted;
	bool taking; /* while the server is up */
	bool stopping;

	/* The thread's alone. */
	enum state state;
	struct redis_link *link;
	struct redis_commands pending;       /* sent; their replies come in this order */
	const char *refused;                 /* why the greeting was refused, a constant */
	char code[REDIS_ERROR_CODE_MAX + 1]; /* and the error code from the server */
	bool ending;                         /* no more timers are taken */
	unsigned failures, attempts;
	uint64_t retry_ns, limit_ns; /* of the present attempt */
	char logged[96];             /* the last failure that was logged */
	struct timers timers;
};

/* ---- commands --------------------------------------------------------------------------- */

/* Report the outcome of the command, and free it. */
static void conclude(struct redis *redis, struct redis_command *command, const redisReply *reply)
{
	if (reply != NULL)
		metrics_count_redis(redis->options.metrics, monotonic_ns() - command->sent_ns);
	command->done(command->arg, reply);
	redis_command_free(command);
}

static void fail_pending(struct redis *redis)
{
	struct redis_command *command;
	while ((command = redis_commands_take(&redis->pending)) != NULL)
		conclude(redis, command, NULL);
}

static void alert(struct redis *redis)
{
	uint64_t one = 1;
	if (write(redis->event, &one, sizeof(one)) < 0)
		return; /* full: it is awake already */
}

bool redis_is_up(const struct redis *redis)
{
	return atomic_load_explicit(&redis->up, memory_order_relaxed);
}

bool redis_send(struct redis *redis, int argc, const char *const *argv, const size_t *lengths,
		redis_done *done, void *arg)
{
	struct redis_command *command =
		redis_is_up(redis) ? redis_command_new(argc, argv, lengths, done, arg) : NULL;
	if (command == NULL)
		return false;
	pthread_mutex_lock(&redis->lock);
	bool taken = redis->taking, first = redis->submitted.first == NULL;
	if (taken)
		redis_commands_add(&redis->submitted, command);
	pthread_mutex_unlock(&redis->lock);
	if (!taken)
		redis_command_free(command);
	else if (first)
		alert(redis);
	return taken;
}

/* Begin or stop taking commands. When stopping, those already taken are put behind those sent. */
static void set_taking(struct redis *redis, bool taking)
{
	pthread_mutex_lock(&redis->lock);
	redis->taking = taking;
	if (!taking)
		redis_commands_move(&redis->pending, &redis->submitted);
	pthread_mutex_unlock(&redis->lock);
	atomic_store_explicit(&redis->up, taking, memory_order_relaxed);
}

bool redis_after(struct redis *redis, uint64_t delay_ms, void (*fire)(void *arg), void *arg)
{
	return !redis->ending &&
	       timers_add(&redis->timers, monotonic_ns() + delay_ms * NS_PER_MS, fire, arg);
}

/* ---- up and down ------------------------------------------------------------------------ */

/* Twice as long after each failure, and random, so that instances do not all retry at the same
 * moment. */
static uint64_t retry_pause_ns(const struct redis *redis)
{
	uint64_t pause_ms = PAUSE_MAX_MS;
	uint32_t random = 0;
	if (redis->failures < 6)
		pause_ms = PAUSE_FIRST_MS << redis->failures;
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = 0;
	return pause_ms * NS_PER_MS / 2 + pause_ms * NS_PER_MS / 2 * (random % 1024) / 1024;
}

/* The connection failed or is useless: try again after a pause. `why` is a constant; `code` is
 * the first word of the server's error. */
static void go_away(struct redis *redis, const char *why, const char *code)
{
	bool was_up = redis->state == STATE_UP;
	set_taking(redis, false);
	redis->state = STATE_AWAY;
	redis_link_free(redis->link);
	redis->link = NULL;
	redis->retry_ns = monotonic_ns() + retry_pause_ns(redis);
	redis->failures++;
	char said[sizeof(redis->logged)];
	snprintf(said, sizeof(said), "%s %s", why, code);
	if (was_up || strcmp(said, redis->logged) != 0)
		log_event(LOG_WARN, "shared_cache_down", ",\"why\":\"%s\",\"code\":\"%s\"", why,
			  code);
	memcpy(redis->logged, said, sizeof(said));
	fail_pending(redis);
}

static void come_up(struct redis *redis)
{
	redis->state = STATE_UP;
	redis->logged[0] = '\0';
	set_taking(redis, true);
	log_event(LOG_INFO, "shared_cache_up", "%s", "");
}

/* ---- greeting --------------------------------------------------------------------------- */

/* The reply to one command of the greeting. */
static void on_greeting(void *arg, const redisReply *reply)
{
	struct redis *redis = arg;
	if (reply == NULL || redis->refused != NULL || !redis_error_refuses(reply))
		return;
	redis_error_code(reply, redis->code);
	redis->refused = "the server refused the log-in or a first write";
}

static void on_greeted(void *arg, const redisReply *reply)
{
	struct redis *redis = arg;
	on_greeting(arg, reply);
	if (reply != NULL && redis->refused == NULL)
		come_up(redis);
}

static bool say(struct redis *redis, int argc, const char *const *argv, redis_done *done)
{
	struct redis_command *command = redis_command_new(argc, argv, NULL, done, redis);
	if (command == NULL || !redis_link_append(redis->link, command->bytes, command->len)) {
		redis_command_free(command);
		return false;
	}
	redis_commands_add(&redis->pending, command);
	return true;
}

/* Try everything that we will ask of the server once: write, and run a script. */
static bool greet(struct redis *redis)
{
	const struct redis_address *address = &redis->options.address;
	char database[16];
	snprintf(database, sizeof(database), "%u", address->database);
	const char *login[] = {"AUTH", address->user, address->password};
	const char *password[] = {"AUTH", address->password};
	const char *select[] = {"SELECT", database};
	const char *script[] = {"EVAL", "return 1", "0"};
	const char *write_it[] = {"SET", "precis:probe", "1", "PX", "1000"};
	redis->refused = NULL;
	if (address->password[0] != '\0' &&
	    !say(redis, address->user[0] != '\0' ? 3 : 2,
		 address->user[0] != '\0' ? login : password, on_greeting))
		return false;
	if (address->database > 0 && !say(redis, 2, select, on_greeting))
		return false;
	return say(redis, 3, script, on_greeting) && say(redis, 5, write_it, on_greeted);
}

/* ---- connecting ------------------------------------------------------------------------- */

static void open_link(struct redis *redis, const struct sockaddr *to, socklen_t len)
{
	const struct redis_address *address = &redis->options.address;
	redis->link = redis_link_new(to, len, redis->tls, address->host);
	redis->state = STATE_OPENING;
	redis->limit_ns = monotonic_ns() + CONNECT_MS * NS_PER_MS;
	if (redis->link == NULL) {
		go_away(redis, "cannot connect", "");
		return;
	}
	int on = 1;
	if (to->sa_family != AF_UNIX)
		setsockopt(redis_link_socket(redis->link), IPPROTO_TCP, TCP_NODELAY, &on,
			   sizeof(on));
}

static void connect_to_socket(struct redis *redis)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	_Static_assert(sizeof(to.sun_path) > REDIS_PATH_MAX, "a path fits, with its NUL");
	memcpy(to.sun_path, redis->options.address.path, sizeof(redis->options.address.path));
	open_link(redis, (struct sockaddr *)&to, sizeof(to));
}

static void begin_attempt(struct redis *redis)
{
	redis->attempts++;
	redis->state = STATE_LOOKING;
	if (redis->options.address.path[0] != '\0')
		connect_to_socket(redis);
	else if (!lookup_start(redis->lookups, redis->options.address.host, NULL))
		go_away(redis, "no memory", "");
}

/* If there are several addresses, they take turns. */
static void connect_to_one(struct redis *redis, struct lookup *lookup)
{
	int count = lookup->count > LOOKUP_ADDRESSES_MAX ? LOOKUP_ADDRESSES_MAX : lookup->count;
	if (count <= 0) {
		go_away(redis, "its name is not found", "");
		return;
	}
	struct sockaddr_storage *to = &lookup->addresses[redis->attempts % (unsigned)count];
	address_set_port(to, redis->options.address.port);
	open_link(redis, (struct sockaddr *)to,
		  to->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
					    : sizeof(struct sockaddr_in));
}

static void take_lookup(struct redis *redis)
{
	struct lookup *lookup = redis->state == STATE_LOOKING ? lookups_take(redis->lookups) : NULL;
	if (lookup != NULL)
		connect_to_one(redis, lookup);
	free(lookup); /* never two: the next look-up begins after this one was taken */
}

/* ---- the thread ------------------------------------------------------------------------- */

static void take_reply(struct redis *redis, redisReply *reply)
{
	char code[REDIS_ERROR_CODE_MAX + 1] = "";
	struct redis_command *command = redis_commands_take(&redis->pending);
	bool was_up = redis->state == STATE_UP, fatal = was_up && redis_error_is_fatal(reply);
	if (command == NULL) {
		go_away(redis, "a reply that was not asked for", "");
		return;
	}
	if (reply->type == REDIS_REPLY_ERROR)
		redis_error_code(reply, code);
	else if (was_up)
		redis->failures = 0;
	conclude(redis, command, fatal ? NULL : reply);
	if (fatal)
		go_away(redis, "the server does not serve", code);
	else if (redis->refused != NULL)
		go_away(redis, redis->refused, redis->code);
}

static void send_submitted(struct redis *redis)
{
	struct redis_command *command;
	struct redis_commands taken;
	redis_commands_init(&taken);
	pthread_mutex_lock(&redis->lock);
	redis_commands_move(&taken, &redis->submitted);
	pthread_mutex_unlock(&redis->lock);
	bool good = true;
	while ((command = redis_commands_take(&taken)) != NULL) {
		good = good && redis_link_append(redis->link, command->bytes, command->len);
		redis_command_drop_bytes(command);
		redis_commands_add(&redis->pending, command);
	}
	if (!good || redis_link_waiting(redis->link) > OUT_MAX_BYTES)
		go_away(redis, "too much waits to be sent", "");
}

/* True: there were replies, and more may be there. */
static bool take_replies(struct redis *redis)
{
	bool any = false;
	redisReply *reply = NULL;
	while (redis->link != NULL) {
		if (!redis_link_take(redis->link, &reply)) {
			go_away(redis, redis_link_fault(redis->link), "");
			return false;
		}
		if (reply == NULL)
			return any;
		take_reply(redis, reply);
		freeReplyObject(reply);
		any = true;
	}
	return false;
}

/* Read replies before checking the clock: if this thread did not get to run, that is not the
 * server's fault. */
static void serve_link(struct redis *redis)
{
	bool more = redis->link != NULL;
	while (more) {
		if (redis->state == STATE_UP)
			send_submitted(redis);
		bool works = redis->link != NULL && redis_link_work(redis->link);
		if (works && redis->state == STATE_OPENING && redis_link_is_open(redis->link)) {
			redis->state = STATE_GREETING;
			works = greet(redis) && redis_link_work(redis->link);
		}
		more = take_replies(redis) && works;
		const char *fault = redis->link == NULL ? NULL : redis_link_fault(redis->link);
		if (!works && redis->link != NULL)
			go_away(redis, fault == NULL ? "no memory" : fault, "");
	}
}

static void watch_clock(struct redis *redis, uint64_t now_ns)
{
	uint64_t timeout_ns = redis->options.timeout_ms * NS_PER_MS;
	if (redis->state == STATE_AWAY && now_ns >= redis->retry_ns)
		begin_attempt(redis);
	else if (redis->state == STATE_UP && redis->pending.first != NULL &&
		 now_ns > redis->pending.first->sent_ns + timeout_ns)
		go_away(redis, "too slow", "");
	else if ((redis->state == STATE_OPENING || redis->state == STATE_GREETING) &&
		 now_ns > redis->limit_ns)
		go_away(redis, "too slow to connect", "");
}

/* When something must be done even without news. */
static uint64_t next_ns(const struct redis *redis)
{
	uint64_t next = monotonic_ns() + IDLE_MS * NS_PER_MS;
	const struct redis_command *oldest = redis->pending.first;
	if (redis->state == STATE_AWAY)
		next = redis->retry_ns;
	else if (redis->state == STATE_OPENING || redis->state == STATE_GREETING)
		next = redis->limit_ns;
	else if (redis->state == STATE_UP && oldest != NULL)
		next = oldest->sent_ns + redis->options.timeout_ms * NS_PER_MS;
	uint64_t timer = timers_next_ns(&redis->timers);
	return timer < next ? timer : next;
}

static void wait_for_news(struct redis *redis)
{
	struct pollfd polled[2] = {{.fd = redis->event, .events = POLLIN}, {.fd = -1}};
	if (redis->link != NULL) {
		polled[1].fd = redis_link_socket(redis->link);
		polled[1].events = redis_link_events(redis->link);
	}
	uint64_t now = monotonic_ns(), next = next_ns(redis), count;
	uint64_t pause_ns = next >= now ? next - now + 1 : 0;
	struct timespec pause = {.tv_sec = (time_t)(pause_ns / NS_PER_S),
				 .tv_nsec = (long)(pause_ns % NS_PER_S)};
	if (ppoll(polled, 2, &pause, NULL) > 0 && (polled[0].revents & POLLIN) &&
	    read(redis->event, &count, sizeof(count)) < 0)
		count = 0;
}

static bool is_stopping(struct redis *redis)
{
	pthread_mutex_lock(&redis->lock);
	bool stopping = redis->stopping;
	pthread_mutex_unlock(&redis->lock);
	return stopping;
}

static void *run(void *arg)
{
	struct redis *redis = arg;
	while (!is_stopping(redis)) {
		take_lookup(redis);
		if (redis->link != NULL)
			serve_link(redis);
		timers_fire(&redis->timers, monotonic_ns());
		if (redis->link != NULL)
			serve_link(redis);
		watch_clock(redis, monotonic_ns());
		wait_for_news(redis);
	}
	set_taking(redis, false);
	redis->ending = true;
	fail_pending(redis);
	timers_fire(&redis->timers, UINT64_MAX);
	return NULL;
}

static void wake(void *arg)
{
	alert(arg);
}

struct redis *redis_new(const struct redis_options *options, char *fault, size_t size)
{
	struct redis *redis = calloc(1, sizeof(*redis));
	snprintf(fault, size, "no memory or no thread");
	if (redis == NULL)
		return NULL;
	redis->options = *options;
	redis_commands_init(&redis->submitted);
	redis_commands_init(&redis->pending);
	pthread_mutex_init(&redis->lock, NULL);
	redis->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	redis->lookups = lookups_new(NULL, NULL, wake, redis);
	bool good = redis->event >= 0 && redis->lookups != NULL;
	if (good && options->address.tls) {
		redis->tls = redis_link_tls(options->ca_file, options->client_file, fault, size);
		good = redis->tls != NULL;
	}
	if (good && pthread_create(&redis->thread, NULL, run, redis) == 0)
		return redis;
	redis_free(redis);
	return NULL;
}

void redis_stop(struct redis *redis)
{
	if (redis == NULL)
		return;
	pthread_mutex_lock(&redis->lock);
	redis->stopping = true;
	pthread_mutex_unlock(&redis->lock);
	alert(redis);
	pthread_join(redis->thread, NULL);
}

void redis_free(struct redis *redis)
{
	if (redis == NULL)
		return;
	lookups_free(redis->lookups);
	redis_link_free(redis->link);
	SSL_CTX_free(redis->tls);
	if (redis->event >= 0)
		close(redis->event);
	pthread_mutex_destroy(&redis->lock);
	timers_free(&redis->timers);
	free(redis);
}
