/* SPDX-License-Identifier: MIT */
/*
 * callbackctl: the daemon from a terminal. This file reads the options and runs
 * the command; what commands there are is in commands.c.
 */
#include <curl/curl.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/act.h"
#include "ctl/ask.h"
#include "ctl/body.h"
#include "ctl/client.h"
#include "ctl/commands.h"
#include "ctl/ctl.h"

#ifndef CALLBACKD_VERSION
#define CALLBACKD_VERSION "0.1.0"
#endif

enum { PATH_SIZE = VALUE_SIZE * 3 + 64 };

static bool options_read(int argc, char **argv, struct ctl *ctl,
    const char **ret_socket, enum exit_code *ret_code);
static enum exit_code words_run(struct ctl *ctl, char **words, size_t count,
    const char *socket_path);
static enum exit_code command_run(struct ctl *ctl,
    const struct command *command);
static const char *socket_find(const char *named);

int
main(int argc, char **argv)
{
	struct ctl ctl = { .out = stdout, .errors = stderr };
	enum exit_code code = EXIT_DONE;
	const char *socket_path = NULL;

	signal(SIGPIPE, SIG_IGN);
	table_init();
	curl_global_init(CURL_GLOBAL_DEFAULT);
	ctl.paper = paper_of(stdout);
	if (getenv("NO_COLOR") != NULL && getenv("NO_COLOR")[0] != '\0')
		ctl.paper.has_colour = false;
	if (options_read(argc, argv, &ctl, &socket_path, &code))
		code = words_run(&ctl, argv + optind, (size_t)(argc - optind),
		    socket_path);
	client_free(ctl.client);
	curl_global_cleanup();
	/* A reader that has had enough (head) is no error. */
	if ((fflush(stdout) != 0 || ferror(stdout)) && errno != EPIPE) {
		complain(&ctl, "the output cannot be written: %s",
		    strerror(errno));
		return EXIT_REFUSED;
	}
	return code;
}

/* False: it is over already, with that code. */
static bool
options_read(int argc, char **argv, struct ctl *ctl, const char **ret_socket,
    enum exit_code *ret_code)
{
	enum { JSON = 256, FULL, SOCKET, NO_COLOUR, HELP, VERSION };
	struct option options[OPTION_COUNT + 8] = { 0 };
	int found;

	for (int i = 0; i < OPTION_COUNT; i++)
		options[i] = (struct option){ option_names[i].name,
			required_argument, NULL, i };
	options[OPTION_COUNT] = (struct option){ "json", no_argument, NULL, JSON };
	options[OPTION_COUNT + 1] = (struct option){ "full", no_argument, NULL, FULL };
	options[OPTION_COUNT + 2] = (struct option){ "socket", required_argument, NULL, SOCKET };
	options[OPTION_COUNT + 3] = (struct option){ "no-colour", no_argument, NULL, NO_COLOUR };
	options[OPTION_COUNT + 4] = (struct option){ "no-color", no_argument, NULL, NO_COLOUR };
	options[OPTION_COUNT + 5] = (struct option){ "help", no_argument, NULL, HELP };
	options[OPTION_COUNT + 6] = (struct option){ "version", no_argument, NULL, VERSION };
	while ((found = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (found >= 0 && found < OPTION_COUNT)
			ctl->options[found] = optarg;
		else if (found == JSON)
			ctl->is_json = true;
		else if (found == FULL)
			ctl->is_full = true;
		else if (found == SOCKET)
			*ret_socket = optarg;
		else if (found == NO_COLOUR)
			ctl->paper.has_colour = false;
		else if (found == VERSION)
			printf("callbackctl %s\n", CALLBACKD_VERSION);
		else if (found == HELP || found == 'h')
			help_run(ctl);
		else
			*ret_code = EXIT_USAGE;
		if (found == VERSION || found == HELP || found == 'h' ||
		    found == '?')
			return false;
	}
	return true;
}

static enum exit_code
words_run(struct ctl *ctl, char **words, size_t count,
    const char *socket_path)
{
	const struct command *command;

	if (count == 0) {
		complain(ctl, "what shall it do? see: callbackctl help");
		return EXIT_USAGE;
	}
	command = command_find(ctl, words, count);
	if (command == NULL) {
		command_suggest(ctl, words, count);
		return EXIT_USAGE;
	}
	if (!command_takes_options(ctl, command))
		return EXIT_USAGE;
	ctl->socket_path = socket_find(socket_path);
	ctl->client = client_new(ctl->socket_path);
	CHECK(ctl->client != NULL);
	return command->run != NULL ? command->run(ctl) :
	    command_run(ctl, command);
}

static enum exit_code
command_run(struct ctl *ctl, const struct command *command)
{
	char path[PATH_SIZE], *body = NULL;
	enum exit_code code;
	size_t length = 0;
	json_t *answer;

	CHECK(sentence_path(command->path, &ctl->holes, path, sizeof(path)));
	if (command->body != NULL &&
	    !body_make(ctl, command->body, &body, &length))
		return EXIT_USAGE;
	code = ask(ctl, command->method, path, body, length, command->shape,
	    &answer);
	free(body);
	if (code != EXIT_DONE)
		return code;
	if (!ctl->is_json)
		code = command->on_answer(ctl, answer);
	if (code == EXIT_DONE && act_is_refusal(answer))
		code = EXIT_REFUSED;
	json_decref(answer);
	return code;
}

static const char *
socket_find(const char *named)
{
	const char *from_environment = getenv("CALLBACKD_SOCKET");

	if (named != NULL)
		return named;
	if (from_environment != NULL && from_environment[0] != '\0')
		return from_environment;
	return access(SOCKET_HERE, F_OK) == 0 ? SOCKET_HERE : SOCKET_SYSTEM;
}
