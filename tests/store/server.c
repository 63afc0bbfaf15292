/* SPDX-License-Identifier: MIT */
/* server: fork, wait for the socket, talk. */
#include "tests/store/server.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/check.h"

enum { TRIES = 200, TRY_US = 25000 };

static pid_t pid;
static char folder[64];
static redisContext *connection;

static void
run(const char *socket)
{
	char log[96];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(log, sizeof(log), "%s/redis.log", folder);
	execlp("redis-server", "redis-server", "--port", "0", "--unixsocket",
	    socket, "--save", "", "--appendonly", "no", "--dir", folder,
	    "--logfile", log, "--daemonize", "no", (char *)NULL);
	_exit(127);
}

redisContext *
server_start(void)
{
	char socket[96];

	snprintf(folder, sizeof(folder), "/tmp/callbackd-store-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return NULL;
	snprintf(socket, sizeof(socket), "%s/redis.sock", folder);
	pid = fork();
	if (pid < 0)
		return NULL;
	if (pid == 0)
		run(socket);
	for (int i = 0; i < TRIES; i++) {
		int status;

		usleep(TRY_US);
		if (waitpid(pid, &status, WNOHANG) == pid) {
			pid = 0;
			return NULL;
		}
		connection = redisConnectUnix(socket);
		if (connection != NULL && connection->err == 0)
			return connection;
		if (connection != NULL)
			redisFree(connection);
		connection = NULL;
	}
	return NULL;
}

void
server_stop(void)
{
	static const char *const names[] = { "redis.sock", "redis.log" };
	char path[96];

	if (connection != NULL)
		redisFree(connection);
	connection = NULL;
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	pid = 0;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
}

redisReply *
server_ask(const char *command, ...)
{
	va_list arguments;
	redisReply *reply;

	va_start(arguments, command);
	reply = redisvCommand(connection, command, arguments);
	va_end(arguments);
	CHECK(reply != NULL);
	return reply;
}

void
server_load(const char *script, char ret_sha[41])
{
	redisReply *reply = server_ask("SCRIPT LOAD %s", script);

	if (reply->type != REDIS_REPLY_STRING)
		fprintf(stderr, "%s\n", reply->str);
	CHECK(reply->type == REDIS_REPLY_STRING && reply->len == 40);
	memcpy(ret_sha, reply->str, 41);
	freeReplyObject(reply);
}

redisReply *
server_run(const char sha[41], const struct words *words)
{
	const char **argv = calloc(words->count + 4, sizeof(*argv));
	size_t *lengths = calloc(words->count + 4, sizeof(*lengths));
	static const char *const head[] = { "EVALSHA", NULL, "1", SITE };
	redisReply *reply;

	CHECK(argv != NULL && lengths != NULL);
	for (size_t i = 0; i < 4; i++) {
		argv[i] = head[i] != NULL ? head[i] : sha;
		lengths[i] = strlen(argv[i]);
	}
	for (size_t i = 0; i < words->count; i++)
		argv[i + 4] = words_at(words, i, &lengths[i + 4]);
	reply = redisCommandArgv(connection, (int)words->count + 4, argv,
	    lengths);
	free(argv);
	free(lengths);
	CHECK(reply != NULL);
	return reply;
}

int64_t
server_now_ms(void)
{
	redisReply *reply = server_ask("TIME");
	int64_t ms = strtoll(reply->element[0]->str, NULL, 10) * 1000 +
	    strtoll(reply->element[1]->str, NULL, 10) / 1000;

	freeReplyObject(reply);
	return ms;
}
