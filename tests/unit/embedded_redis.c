/* SPDX-License-Identifier: MIT */
/*
 * The embedded Redis with real redis-servers, one state directory per test. A
 * daemon that is killed is a child of this program, which is why what it leaves
 * behind is looked for and ended by its pid.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/embedded_redis.h"
#include "daemon/redis_probe.h"

static char state_dir[64];
static char error[512];
static struct redis_address address;

static struct embedded_redis *
start(int port, const char *appendfsync)
{
	const struct embedded_redis_options options = {
		.state_dir = state_dir,
		.port = port,
		.appendfsync = appendfsync,
	};

	error[0] = '\0';
	memset(&address, 0, sizeof(address));
	return embedded_redis_start(&options, &address, error, sizeof(error));
}

static struct embedded_redis *
started(int port, const char *appendfsync)
{
	struct embedded_redis *embedded = start(port, appendfsync);

	if (embedded == NULL)
		fail_msg("%s", error);
	return embedded;
}

/* The reply as text; "" when there was none. */
static const char *
ask(const char *w1, const char *w2, const char *w3)
{
	static char text[512];
	const char *words[] = { w1, w2, w3 };
	struct redisReply *reply = NULL, *said;
	pid_t pid;
	int fd = redis_probe_open(address.host, &pid);

	text[0] = '\0';
	if (fd < 0)
		return text;
	reply = redis_probe_ask(fd, w3 != NULL ? 3 : w2 != NULL ? 2 : 1, words,
	    2000);
	close(fd);
	if (reply == NULL)
		return text;
	said = reply->type == REDIS_REPLY_ARRAY && reply->elements > 1 ?
	    reply->element[1] : reply;
	if (said->str != NULL)
		snprintf(text, sizeof(text), "%s", said->str);
	freeReplyObject(reply);
	return text;
}

static bool
comes_true(bool (*condition)(void))
{
	for (int i = 0; i < 500; i++) {
		if (condition())
			return true;
		usleep(10000);
	}
	return false;
}

static bool
answers(void)
{
	return strcmp(ask("PING", NULL, NULL), "PONG") == 0;
}

static bool
is_alive(pid_t pid)
{
	char path[32], status[512] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "r");
	if (file == NULL)
		return false;
	if (fgets(status, sizeof(status), file) == NULL)
		status[0] = '\0';
	fclose(file);
	return strchr(status, ')') != NULL && strstr(status, ") Z ") == NULL;
}

static void
stopped(struct embedded_redis *embedded)
{
	pid_t pid = embedded_redis_pid(embedded);
	const char *why = "";

	if (!embedded_redis_stop(embedded, &why))
		fail_msg("%s", why);
	assert_false(is_alive(pid));
}

static void
in_file(const char *leaf, char *ret, size_t size)
{
	snprintf(ret, size, "%s/redis/%s", state_dir, leaf);
}

/* ---- tests */

static void
starts_and_stops(void **state)
{
	struct embedded_redis *embedded;
	struct stat found;
	char path[128], link[128], target[256];
	DIR *files;
	struct dirent *file;
	int open_fd = open("/etc/passwd", O_RDONLY);

	(void)state;
	assert_true(open_fd >= 0);
	embedded = started(0, NULL);
	close(open_fd);
	assert_false(embedded_redis_is_adopted(embedded));
	assert_true(embedded_redis_pid(embedded) > 0);
	assert_string_equal(embedded_redis_error(embedded), "");
	assert_true(address.is_unix);
	in_file("", path, sizeof(path));
	assert_int_equal(stat(path, &found), 0);
	assert_int_equal(found.st_mode & 0777, 0700);
	assert_string_equal(ask("CONFIG", "GET", "appendonly"), "yes");
	assert_string_equal(ask("CONFIG", "GET", "appendfsync"), "always");
	assert_string_equal(ask("CONFIG", "GET", "maxmemory-policy"),
	    "noeviction");
	assert_string_equal(ask("CONFIG", "GET", "save"), "");
	assert_string_equal(ask("CONFIG", "GET", "port"), "0");
	assert_string_equal(ask("CONFIG", "GET", "proto-max-bulk-len"),
	    "1048576");
	assert_int_equal(strlen(ask("CONFIG", "GET",
	    "notify-keyspace-events")), 2);
	/* It has a session of its own, and no file that we opened. */
	assert_int_equal(getsid(embedded_redis_pid(embedded)),
	    embedded_redis_pid(embedded));
	snprintf(path, sizeof(path), "/proc/%d/fd",
	    (int)embedded_redis_pid(embedded));
	files = opendir(path);
	assert_non_null(files);
	while ((file = readdir(files)) != NULL) {
		ssize_t length;

		snprintf(link, sizeof(link), "%.60s/%.20s", path, file->d_name);
		length = readlink(link, target, sizeof(target) - 1);
		if (length < 0)
			continue;
		target[length] = '\0';
		assert_null(strstr(target, "passwd"));
		assert_null(strstr(target, "/lock"));
	}
	closedir(files);
	assert_true(embedded_redis_check(embedded));
	assert_string_equal(ask("SET", "k", "v"), "OK");
	stopped(embedded);

	embedded = started(0, "everysec");
	assert_string_equal(ask("GET", "k", NULL), "v");
	assert_string_equal(ask("CONFIG", "GET", "appendfsync"), "everysec");
	stopped(embedded);
	embedded = started(0, "off");
	assert_string_equal(ask("CONFIG", "GET", "appendonly"), "no");
	stopped(embedded);
}

static void
refuses_bad_options(void **state)
{
	const struct embedded_redis_options nowhere = {
		.state_dir = "/nonexistent/state",
	};
	char deep[64 + 120], path[128];
	const struct embedded_redis_options too_deep = { .state_dir = deep };

	(void)state;
	assert_null(start(0, "sometimes"));
	assert_non_null(strstr(error, "appendfsync"));
	assert_null(start(70000, NULL));
	assert_non_null(strstr(error, "port"));
	assert_null(embedded_redis_start(&nowhere, &address, error,
	    sizeof(error)));
	assert_non_null(strstr(error, "/nonexistent/state"));
	snprintf(deep, sizeof(deep), "%s/%0100d", state_dir, 1);
	assert_int_equal(mkdir(deep, 0700), 0);
	assert_null(embedded_redis_start(&too_deep, &address, error,
	    sizeof(error)));
	assert_non_null(strstr(error, "socket"));
	in_file("", path, sizeof(path));
	path[strlen(path) - 1] = '\0';
	assert_int_equal(symlink("/tmp", path), 0);
	assert_null(start(0, NULL));
	assert_non_null(strstr(error, "not a folder of our own"));
}

static void
quotes_its_path(void **state)
{
	struct embedded_redis *embedded;
	char kept[sizeof(state_dir)];

	(void)state;
	strcpy(kept, state_dir);
	strcat(state_dir, "/a \"b\" \\c");
	assert_int_equal(mkdir(state_dir, 0700), 0);
	embedded = started(0, NULL);
	assert_true(answers());
	stopped(embedded);
	strcpy(state_dir, kept);
}

/* Starts in a child, which then dies as kill -9 does it; Redis's pid. */
static pid_t
leave_behind(int port, const char *appendfsync)
{
	int ends[2];
	pid_t child, redis = 0;

	assert_int_equal(pipe(ends), 0);
	fflush(stdout);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct embedded_redis *embedded = start(port, appendfsync);

		redis = embedded == NULL ? 0 : embedded_redis_pid(embedded);
		if (write(ends[1], &redis, sizeof(redis)) < 0)
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &redis, sizeof(redis)), sizeof(redis));
	close(ends[0]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_true(redis > 0);
	return redis;
}

static void
adopts(void **state)
{
	pid_t left = leave_behind(0, "everysec");
	struct embedded_redis *embedded;

	(void)state;
	assert_true(is_alive(left));
	embedded = started(0, NULL);
	assert_true(embedded_redis_is_adopted(embedded));
	assert_int_equal(embedded_redis_pid(embedded), left);
	assert_string_equal(ask("CONFIG", "GET", "appendfsync"), "always");
	assert_string_equal(ask("SET", "k", "v"), "OK");
	/* An adopted one that dies is replaced by a child. */
	kill(left, SIGKILL);
	for (int i = 0; i < 200 && embedded_redis_pid(embedded) == left; i++) {
		assert_true(embedded_redis_check(embedded));
		usleep(10000);
	}
	assert_int_not_equal(embedded_redis_pid(embedded), left);
	assert_false(embedded_redis_is_adopted(embedded));
	assert_non_null(strstr(embedded_redis_error(embedded), "has ended"));
	assert_true(comes_true(answers));
	assert_string_equal(ask("GET", "k", NULL), "v");
	stopped(embedded);

	left = leave_behind(0, NULL);
	embedded = started(0, NULL);
	assert_true(embedded_redis_is_adopted(embedded));
	stopped(embedded);
	assert_false(is_alive(left));
}

static void
starts_again(void **state)
{
	struct embedded_redis *embedded = started(0, NULL);
	pid_t first = embedded_redis_pid(embedded);
	int64_t began_ms, longest_ms = 0;
	const char *why = NULL;

	(void)state;
	for (int i = 0; i < 50; i++)
		assert_string_equal(ask("RPUSH", "list", "x"), "");
	kill(first, SIGKILL);
	for (int i = 0; i < 200 && embedded_redis_pid(embedded) == first; i++) {
		began_ms = clock_monotonic_ms();
		assert_true(embedded_redis_check(embedded));
		if (clock_monotonic_ms() - began_ms > longest_ms)
			longest_ms = clock_monotonic_ms() - began_ms;
		usleep(10000);
	}
	assert_true(longest_ms < 100);
	assert_true(comes_true(answers));
	assert_string_equal(ask("TYPE", "list", NULL), "list");
	/* Dead at the end: nothing to stop, and that is told. */
	kill(embedded_redis_pid(embedded), SIGKILL);
	usleep(100000);
	assert_false(embedded_redis_stop(embedded, &why));
	assert_non_null(why);
}

static void
lets_only_one_in(void **state)
{
	struct embedded_redis *embedded = started(0, NULL);
	int64_t began_ms = clock_monotonic_ms();

	(void)state;
	/* A flock is shared by a fork, not by another open. */
	assert_null(start(0, NULL));
	assert_non_null(strstr(error, "another daemon"));
	assert_true(clock_monotonic_ms() - began_ms < 2000);
	address.is_unix = true;
	in_file("redis.sock", address.host, sizeof(address.host));
	assert_true(answers());
	stopped(embedded);
}

/* Many daemons at once: one serves, and no second server was ever started. */
static void
races_end_well(void **state)
{
	pid_t children[6];
	int status, won_count = 0;
	struct embedded_redis *embedded;

	(void)state;
	fflush(stdout);
	for (size_t i = 0; i < COUNT_OF(children); i++) {
		children[i] = fork();
		if (children[i] == 0) {
			struct embedded_redis *mine = start(0, NULL);

			if (mine == NULL)
				_exit(1);
			usleep(1500000);
			kill(getpid(), SIGKILL);
		}
	}
	for (size_t i = 0; i < COUNT_OF(children); i++) {
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		won_count += WIFSIGNALED(status);
	}
	assert_in_range(won_count, 1, 6);
	embedded = started(0, NULL);
	assert_true(embedded_redis_is_adopted(embedded));
	stopped(embedded);
}

static int
listening_socket(int *ret_port)
{
	struct sockaddr_in name = { .sin_family = AF_INET };
	socklen_t length = sizeof(name);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, length), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &length), 0);
	*ret_port = ntohs(name.sin_port);
	return fd;
}

static void
tells_that_the_port_is_taken(void **state)
{
	struct embedded_redis *embedded;
	int port, fd = listening_socket(&port);
	char text[8];

	(void)state;
	assert_null(start(port, NULL));
	assert_non_null(strstr(error, "redis.log"));
	assert_non_null(strstr(error, "has ended"));
	close(fd);
	embedded = started(port, NULL);
	snprintf(text, sizeof(text), "%d", port);
	assert_string_equal(ask("CONFIG", "GET", "port"), text);
	assert_string_equal(ask("CONFIG", "GET", "bind"), "127.0.0.1");
	stopped(embedded);
}

static void
tells_that_there_is_no_binary(void **state)
{
	char *path = strdup(getenv("PATH"));

	(void)state;
	setenv("PATH", "/nonexistent", 1);
	assert_null(start(0, NULL));
	setenv("PATH", path, 1);
	free(path);
	/* Under valgrind posix_spawn cannot tell, but the child ends at once. */
	if (strstr(error, "redis-server has ended") == NULL)
		assert_string_equal(error,
		    "redis-server cannot be run: No such file or directory");
}

static void
tells_that_the_data_is_corrupt(void **state)
{
	struct embedded_redis *embedded = started(0, NULL);
	char path[128];
	FILE *file;

	(void)state;
	for (int i = 0; i < 100; i++)
		ask("SET", "k", "some value");
	stopped(embedded);
	in_file("appendonlydir/appendonly.aof.1.incr.aof", path, sizeof(path));
	file = fopen(path, "r+");
	assert_non_null(file);
	assert_int_equal(fseek(file, 200, SEEK_SET), 0);
	fputs("what is this", file);
	fclose(file);
	assert_null(start(0, NULL));
	assert_non_null(strstr(error, "redis.log"));
	assert_non_null(strstr(error, "AOF"));
}

/* Cut at its end, as after a loss of power: loaded up to there. */
static void
loads_data_cut_short(void **state)
{
	struct embedded_redis *embedded = started(0, NULL);
	char path[128];
	struct stat found;

	(void)state;
	ask("SET", "k", "first");
	ask("SET", "k", "second");
	stopped(embedded);
	in_file("appendonlydir/appendonly.aof.1.incr.aof", path, sizeof(path));
	assert_int_equal(stat(path, &found), 0);
	assert_int_equal(truncate(path, found.st_size - 5), 0);
	embedded = started(0, NULL);
	assert_string_equal(ask("GET", "k", NULL), "first");
	stopped(embedded);
}

static void
does_not_adopt_strangers(void **state)
{
	char path[128], folder[128];
	pid_t stranger;

	(void)state;
	in_file("redis.sock", path, sizeof(path));
	in_file("", folder, sizeof(folder));
	assert_int_equal(mkdir(folder, 0700), 0);
	fflush(stdout);
	stranger = fork();
	if (stranger == 0) {
		int null = open("/dev/null", O_RDWR);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(null, 1);
		dup2(null, 2);
		execlp("redis-server", "redis-server", "--port", "0",
		    "--unixsocket", path, "--dir", state_dir, "--save", "",
		    NULL);
		_exit(127);
	}
	strcpy(address.host, path);
	for (int i = 0; i < 500 && !answers(); i++)
		usleep(10000);
	assert_null(start(0, NULL));
	assert_non_null(strstr(error, "not our redis-server"));
	assert_true(is_alive(stranger));
	/* Ours but hung. */
	kill(stranger, SIGSTOP);
	assert_null(start(0, NULL));
	assert_non_null(strstr(error, "does not answer"));
	assert_true(is_alive(stranger));
	kill(stranger, SIGKILL);
	waitpid(stranger, NULL, 0);
}

static void
kills_what_does_not_stop(void **state)
{
	struct embedded_redis *embedded = started(0, NULL);
	pid_t pid = embedded_redis_pid(embedded);
	int64_t began_ms = clock_monotonic_ms();
	const char *why = "";

	(void)state;
	ask("SET", "k", "v");
	kill(pid, SIGSTOP);
	assert_true(embedded_redis_check(embedded));
	assert_false(embedded_redis_stop(embedded, &why));
	assert_non_null(strstr(why, "killed"));
	assert_true(clock_monotonic_ms() - began_ms < 14000);
	assert_false(is_alive(pid));
	embedded = started(0, NULL);
	assert_string_equal(ask("GET", "k", NULL), "v");
	stopped(embedded);
	assert_true(embedded_redis_stop(NULL, &why));
}

static int
set_up(void **state)
{
	(void)state;
	strcpy(state_dir, "/tmp/embedded.XXXXXX");
	return mkdtemp(state_dir) == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	char command[128];
	FILE *file;
	int pid;

	(void)state;
	/* A server that a failed test has left; it removes this file else. */
	in_file("redis.pid", command, sizeof(command));
	file = fopen(command, "r");
	if (file != NULL) {
		if (fscanf(file, "%d", &pid) == 1 && is_alive(pid))
			kill(pid, SIGKILL);
		fclose(file);
	}
	snprintf(command, sizeof(command), "rm -rf '%s'", state_dir);
	return system(command);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(starts_and_stops, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(refuses_bad_options, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(quotes_its_path, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(adopts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(starts_again, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(lets_only_one_in, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(races_end_well, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(tells_that_the_port_is_taken,
		    set_up, tear_down),
		cmocka_unit_test_setup_teardown(tells_that_there_is_no_binary,
		    set_up, tear_down),
		cmocka_unit_test_setup_teardown(tells_that_the_data_is_corrupt,
		    set_up, tear_down),
		cmocka_unit_test_setup_teardown(loads_data_cut_short, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(does_not_adopt_strangers,
		    set_up, tear_down),
		cmocka_unit_test_setup_teardown(kills_what_does_not_stop,
		    set_up, tear_down),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
