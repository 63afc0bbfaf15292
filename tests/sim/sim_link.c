/* SPDX-License-Identifier: MIT */
/*
 * sim_link: daemon/redis_link once more, over the keyspace instead of a socket.
 * Commands arrive late and in order, what is written in one pass of the loop
 * mostly at once; a connection that breaks loses replies always and commands
 * sometimes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "daemon/redis_link.h"
#include "lib/text.h"
#include "tests/sim/sim.h"

enum { NO_SCRIPT = -1, HEAD_WORDS = 6, TEXTS_MAX = 4096 };

struct command {
	TAILQ_ENTRY(command) link;
	struct redis_link *owner;       /* NULL: its connection is gone */
	bool is_dead;                   /* nobody will answer it: its owner's to free */
	int node;
	uint64_t store_life;            /* in which it was sent */
	const char *script;             /* NULL: a plain command */
	struct words words;
	redis_on_reply *on_reply;  void *context;  uint64_t tag;
	redisReply *reply;              /* one block */
};

/* Commands on their way together; so are their replies. */
struct burst {
	TAILQ_ENTRY(burst) link;        /* of those that are free */
	struct command **commands;  size_t count, room;
	const struct redis_link *owner; /* whose; only to be compared */
	int64_t written_ms;
	bool has_arrived;
};
static TAILQ_HEAD(, burst) free_bursts = TAILQ_HEAD_INITIALIZER(free_bursts);
static TAILQ_HEAD(, command) free_commands =
    TAILQ_HEAD_INITIALIZER(free_commands);

struct redis_link {
	int node;
	bool is_up;
	void *context;
	redis_on_state *on_state;
	TAILQ_HEAD(, command) pendings;  size_t pending_count;
	const char *scripts[REDIS_LINK_SCRIPT_MAX];  int script_count;
	int64_t out_ms, in_ms;          /* what was sent last arrives then */
	struct burst *writing;          /* what is written now may go with it; NULL */
	unsigned connects;
};

/* ---- replies: texts gathered, then packed into one block */

static struct {
	const char *text;
	size_t length;
	bool is_nil;
} texts[TEXTS_MAX];
static size_t text_count;

static void
add_bytes(const char *text, size_t length)
{
	CHECK(text_count < TEXTS_MAX);
	texts[text_count].text = text;
	texts[text_count].is_nil = text == NULL;
	texts[text_count++].length = length;
}

static void
add_text(const char *text)
{
	add_bytes(text, text != NULL ? strlen(text) : 0);
}

/* The text is the caller's, until it is packed. */
static void
add_number(int64_t number, char text[TEXT_NUMBER_SIZE])
{
	add_bytes(text, text_number(number, text));
}

static void
add_item(const struct item *item, bool has_value)
{
	add_bytes(item->name, item->name_length);
	if (has_value)
		add_bytes(item->value, item->value_length);
}

static void
pack_text(redisReply *reply, size_t i, char **bytes)
{
	reply->type = texts[i].is_nil ? REDIS_REPLY_NIL : REDIS_REPLY_STRING;
	if (texts[i].is_nil)
		return;
	reply->str = *bytes;
	reply->len = texts[i].length;
	memcpy(*bytes, texts[i].text, texts[i].length);
	(*bytes)[texts[i].length] = '\0';
	*bytes += texts[i].length + 1;
}

static redisReply *
pack(bool is_array)
{
	size_t size = (text_count + 1) * (sizeof(redisReply) + sizeof(void *));
	redisReply *reply;
	char *bytes;

	for (size_t i = 0; i < text_count; i++)
		size += texts[i].length + 1;
	reply = malloc(size);
	CHECK(reply != NULL);
	memset(reply, 0, (text_count + 1) * sizeof(*reply));
	reply->element = (void *)(reply + text_count + 1);
	bytes = (char *)(reply->element + text_count + 1);
	if (!is_array) {
		reply->element = NULL;
		pack_text(reply, 0, &bytes);
		return reply;
	}
	reply->type = REDIS_REPLY_ARRAY;
	reply->elements = text_count;
	for (size_t i = 0; i < text_count; i++) {
		reply->element[i] = reply + i + 1;
		pack_text(reply + i + 1, i, &bytes);
	}
	return reply;
}

/* ---- the store's side */

static const char *
word(const struct command *command, size_t i)
{
	return i < command->words.count ?
	    words_at(&command->words, i, NULL) : "";
}

static const char *
below_site(const char *key)
{
	CHECK(strncmp(key, SIM_SITE, strlen(SIM_SITE)) == 0);
	return key + strlen(SIM_SITE);
}

static void
do_range(const struct command *command, const struct entry *entry)
{
	bool is_by_score = strcmp(word(command, 4), "BYSCORE") == 0;
	bool has_scores = strcmp(word(command, 4), "WITHSCORES") == 0;
	long long last = strtoll(word(command, 3), NULL, 10);
	size_t limit = is_by_score ? strtoul(word(command, 7), NULL, 10) :
	    (size_t)last + 1;

	for (size_t i = 0; entry != NULL && i < entry->count && i < limit;
	    i++) {
		if (is_by_score && entry->items[i].score > last)
			break;
		add_item(&entry->items[i], has_scores);
	}
}

/* What nodes tell each other of providers; the reply is looked at by nobody. */
static redisReply *
do_write(const struct command *command)
{
	const char *key = below_site(word(command, 1));

	if (word(command, 0)[0] == 'S')
		keyspace_set(&sim.keyspace, key, word(command, 2),
		    strtoll(word(command, 4), NULL, 10));
	for (size_t i = 2; word(command, 0)[0] == 'H' &&
	    i + 1 < command->words.count; i += 2)
		keyspace_hset(&sim.keyspace, key, word(command, i),
		    word(command, i + 1));
	sim.provider_changes++;
	nodes_wake();
	return pack(true);
}

static redisReply *
do_plain(const struct command *command)
{
	const char *name = word(command, 0);
	const struct entry *entry;
	char seconds[TEXT_NUMBER_SIZE], rest[TEXT_NUMBER_SIZE];
	redisReply *reply;

	if (strcmp(name, "TIME") == 0) {
		add_number(sim_store_ms() / 1000, seconds);
		add_number(sim_store_ms() % 1000 * 1000, rest);
		return pack(true);
	}
	entry = keyspace_find(&sim.keyspace, below_site(word(command, 1)));
	if (strcmp(name, "GET") == 0 || strcmp(name, "HGET") == 0) {
		add_text(entry_get(entry, name[0] == 'H' ?
		    word(command, 2) : ""));
		return pack(false);
	}
	if (strcmp(name, "HSET") == 0 || strcmp(name, "SET") == 0)
		return do_write(command);
	if (strcmp(name, "ZCARD") == 0) {
		text_count = 0;
		reply = pack(true);
		reply->type = REDIS_REPLY_INTEGER;
		reply->integer = entry != NULL ? (long long)entry->count : 0;
		return reply;
	}
	if (strcmp(name, "HGETALL") == 0) {
		for (size_t i = 0; entry != NULL && i < entry->count; i++)
			add_item(&entry->items[i], true);
		return pack(true);
	}
	CHECK(strcmp(name, "ZRANGE") == 0);
	do_range(command, entry);
	return pack(true);
}

static redisReply *
do_claim(const struct command *command)
{
	const char *ids[ITEMS_MAX];
	char now[TEXT_NUMBER_SIZE], next[TEXT_NUMBER_SIZE];
	const struct entry *due;
	size_t limit = strtoul(word(command, 3), NULL, 10), count;
	int64_t asked_ms = strtoll(word(command, 2), NULL, 10);

	count = keyspace_claim(&sim.keyspace, asked_ms,
	    limit < ITEMS_MAX ? limit : ITEMS_MAX,
	    strtoll(word(command, 4), NULL, 10), ids);
	for (size_t i = 0; i < count; i++)
		check_claimed(ids[i], asked_ms);
	due = keyspace_find(&sim.keyspace, "due");
	add_number(sim_store_ms(), now);
	if (due != NULL)
		add_number(due->items[0].score, next);
	else
		add_text("");
	for (size_t i = 0; i < count; i++)
		add_text(ids[i]);
	return pack(true);
}

static redisReply *
do_commit(const struct command *command)
{
	static struct arguments arguments;
	static char answers[256][ITEM_SIZE];
	char now[TEXT_NUMBER_SIZE];
	long long skew_ms = sim_store_ms() - strtoll(word(command, 2), NULL, 10);
	long long skew_max_ms = strtoll(word(command, 3), NULL, 10);
	size_t count = strtoul(word(command, 5), NULL, 10), at = HEAD_WORDS;

	CHECK(count <= COUNT_OF(answers));
	add_number(sim_store_ms(), now);
	for (size_t i = 0; i < count; i++) {
		if (skew_ms > skew_max_ms || -skew_ms > skew_max_ms) {
			add_text("skew");
			continue;
		}
		CHECK(arguments_read(&command->words, &at, &arguments));
		keyspace_commit(&sim.keyspace, &arguments, NULL, 0, answers[i]);
		check_replay(&arguments, answers[i]);
		add_text(answers[i]);
		sim.commits++;
		if (check_is_done(answers[i]))
			check_commit(&arguments);
	}
	nodes_wake();
	return pack(true);
}

/* ---- the way there and back */

static struct command *
new_command(void)
{
	struct command *command = TAILQ_FIRST(&free_commands);
	struct words words;

	if (command == NULL)
		return sim_new(sizeof(*command));
	TAILQ_REMOVE(&free_commands, command, link);
	words = command->words;         /* their memory serves again */
	words_clear(&words);
	*command = (struct command){ .words = words };
	return command;
}

static void
free_command(struct command *command)
{
	free(command->reply);
	TAILQ_INSERT_HEAD(&free_commands, command, link);
}

static struct burst *
new_burst(const struct redis_link *link)
{
	struct burst *burst = TAILQ_FIRST(&free_bursts);

	if (burst == NULL)
		burst = sim_new(sizeof(*burst));
	else
		TAILQ_REMOVE(&free_bursts, burst, link);
	burst->count = 0;
	burst->owner = link;
	burst->has_arrived = false;
	burst->written_ms = sim.now_ms;
	return burst;
}

static void
add_command(struct burst *burst, struct command *command)
{
	if (burst->count == burst->room) {
		burst->room = burst->room * 2 + 8;
		burst->commands = realloc(burst->commands,
		    burst->room * sizeof(struct command *));
		CHECK(burst->commands != NULL);
	}
	burst->commands[burst->count++] = command;
}

static void
disown(struct command *command)
{
	TAILQ_REMOVE(&command->owner->pendings, command, link);
	command->owner->pending_count--;
	command->owner = NULL;
}

static int64_t
delay_ms(void)
{
	return sim_draw(20) == 0 ? sim_between(5, DELAY_MAX_MS) : sim_between(0, 2);
}

static void
deliver(void *context, bool is_alive)
{
	struct burst *burst = context;

	for (size_t i = 0; i < burst->count; i++) {
		struct command *command = burst->commands[i];

		if (command->owner != NULL) {
			disown(command);
			if (is_alive)
				command->on_reply(command->context,
				    command->tag, REDIS_REPLY,
				    command->reply);
		}
		free_command(command);
	}
	TAILQ_INSERT_HEAD(&free_bursts, burst, link);
}

/* False: nobody will be told. */
static bool
execute(struct command *command)
{
	if (command->owner != NULL && command->store_life != sim.store_life) {
		command->is_dead = true;
		return false;
	}
	if (command->store_life != sim.store_life ||
	    (command->owner == NULL && sim_draw(2))) {
		free_command(command);
		return false;
	}
	text_count = 0;
	sim.keyspace.now_ms = sim_store_ms();
	if (command->script == NULL)
		command->reply = do_plain(command);
	else
		command->reply = strcmp(command->script, "claim") == 0 ?
		    do_claim(command) : do_commit(command);
	if (command->owner != NULL && command->script != NULL &&
	    sim_fault_in(400))
		node_suffer(&sim.nodes[command->owner->node]);
	if (command->owner != NULL)
		return true;
	free_command(command);
	return false;
}

static void
arrive(void *context, bool is_alive)
{
	struct burst *burst = context;
	struct redis_link *link = NULL;
	size_t kept = 0;
	int64_t at_ms;

	burst->has_arrived = true;
	for (size_t i = 0; i < burst->count; i++) {
		struct command *command = burst->commands[i];

		if (!is_alive) {
			if (command->owner != NULL)
				disown(command);
			free_command(command);
		} else if (execute(command)) {
			burst->commands[kept++] = command;
		}
	}
	burst->count = kept;
	/* One that was answered may have lost its link to what befell a later one. */
	for (size_t i = 0; i < kept && link == NULL; i++)
		link = burst->commands[i]->owner;
	if (link == NULL) {
		deliver(burst, false);
		return;
	}
	at_ms = sim.now_ms + delay_ms();
	link->in_ms = at_ms > link->in_ms ? at_ms : link->in_ms;
	sim_at(link->in_ms, link->node, deliver, burst);
}

/* Now and then what is written next is on its way by itself, and what others
 * wrote comes between. */
static struct burst *
burst_of(struct redis_link *link)
{
	struct burst *burst = link->writing;
	int64_t at_ms;

	if (burst != NULL && burst->owner == link && !burst->has_arrived &&
	    burst->written_ms == sim.now_ms && sim_draw(8) != 0)
		return burst;
	burst = new_burst(link);
	link->writing = burst;
	at_ms = sim.now_ms + delay_ms();
	link->out_ms = at_ms > link->out_ms ? at_ms : link->out_ms;
	sim_at(link->out_ms, NOBODY, arrive, burst);
	return burst;
}

static bool
send(struct redis_link *link, const char *script, int argc,
    const char *const *argv, const size_t *lengths, redis_on_reply *on_reply,
    void *context, uint64_t tag)
{
	struct command *command;

	if (!link->is_up)
		return false;
	command = new_command();
	command->owner = link;
	command->node = link->node;
	command->store_life = sim.store_life;
	command->script = script;
	command->on_reply = on_reply;
	command->context = context;
	command->tag = tag;
	for (int i = 0; i < argc; i++)
		words_add_bytes(&command->words, argv[i], lengths != NULL ?
		    lengths[i] : strlen(argv[i]));
	TAILQ_INSERT_TAIL(&link->pendings, command, link);
	link->pending_count++;
	add_command(burst_of(link), command);
	return true;
}

static void
connect(void *context, bool is_alive)
{
	struct redis_link *link = context;

	if (!is_alive || --link->connects > 0 || link->is_up)
		return;
	link->is_up = true;
	link->on_state(link->context, true, NULL);
}

void
link_cut(struct redis_link *link, int64_t back_in_ms)
{
	struct command *command;

	link->is_up = false;
	link->writing = NULL;
	while ((command = TAILQ_FIRST(&link->pendings)) != NULL) {
		disown(command);
		command->on_reply(command->context, command->tag, REDIS_LOST,
		    NULL);
		if (command->is_dead)
			free_command(command);
	}
	link->on_state(link->context, false, "cut");
	link->connects++;
	sim_in(back_in_ms, link->node, connect, link);
}

/* ---- daemon/redis_link.h */

struct redis_link_limits
redis_link_default_limits(void)
{
	return (struct redis_link_limits){ 0 };
}

struct redis_link *
redis_link_new(struct event_base *base, const struct redis_address *address,
    const char *client_name, const struct redis_link_limits *limits,
    void *context, redis_on_state *on_state)
{
	struct redis_link *link = sim_new(sizeof(*link));

	(void)base;
	(void)address;
	(void)client_name;
	(void)limits;
	CHECK(sim.running != NULL);
	link->node = sim.running->index;
	link->context = context;
	link->on_state = on_state;
	TAILQ_INIT(&link->pendings);
	sim.running->link = link;
	link->connects = 1;
	sim_in(1, link->node, connect, link);
	return link;
}

void
redis_link_free(struct redis_link *link)
{
	struct command *command;

	while ((command = TAILQ_FIRST(&link->pendings)) != NULL) {
		disown(command);
		if (command->is_dead)
			free_command(command);
	}
	free(link);
}

bool
redis_link_is_up(const struct redis_link *link)
{
	return link->is_up;
}

size_t
redis_link_pending(const struct redis_link *link)
{
	return link->pending_count;
}

int
redis_link_add_script(struct redis_link *link, const char *name,
    const char *body)
{
	(void)body;
	link->scripts[link->script_count] = name;
	return link->script_count++;
}

bool
redis_link_send(struct redis_link *link, int argc, const char *const *argv,
    const size_t *argv_length, int64_t deadline_ms, redis_on_reply *on_reply,
    void *context, uint64_t tag)
{
	(void)deadline_ms;
	return send(link, NULL, argc, argv, argv_length, on_reply, context,
	    tag);
}

bool
redis_link_eval(struct redis_link *link, int script, int argc,
    const char *const *argv, const size_t *argv_length, int64_t deadline_ms,
    redis_on_reply *on_reply, void *context, uint64_t tag)
{
	(void)deadline_ms;
	return send(link, link->scripts[script], argc, argv, argv_length,
	    on_reply, context, tag);
}
