/* SPDX-License-Identifier: MIT */
/* poison: one page, mapped. */
#include "daemon/poison.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/log.h"
#include "lib/check.h"
#include "lib/digest.h"

/* Changes with the layout: a page of another one begins anew. */
static const char magic[8] = "poison1";

struct page {
	char magic[sizeof(magic)];
	char stepping[KEY_SIZE];
	volatile sig_atomic_t is_marked;
	struct { char key[KEY_SIZE]; int marks; } counted[POISON_MAX];
};

static const int signals[] = { SIGSEGV, SIGABRT, SIGBUS, SIGFPE };

static struct page *page;
static size_t barred_count;

/* Nothing here but a byte in the page: the rest of the process is lost. */
static void
on_defect(int number)
{
	if (page != NULL && page->stepping[0] != '\0')
		page->is_marked = 1;
	/* The default action is in place again: SA_RESETHAND. */
	raise(number);
}

static void
set_handlers(void)
{
	struct sigaction action = { .sa_handler = on_defect,
		.sa_flags = (int)(SA_RESETHAND | SA_NODEFER) };

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < COUNT_OF(signals); i++)
		CHECK(sigaction(signals[i], &action, NULL) == 0);
}

static size_t
place_of(const char *key)
{
	size_t least = 0;

	for (size_t i = 0; i < POISON_MAX; i++) {
		if (strcmp(page->counted[i].key, key) == 0)
			return i;
		if (page->counted[i].marks < page->counted[least].marks)
			least = i;
	}
	/* Whoever was marked least often makes room. */
	memset(&page->counted[least], 0, sizeof(page->counted[least]));
	return least;
}

static void
count_barred(void)
{
	barred_count = 0;
	for (size_t i = 0; i < POISON_MAX; i++)
		barred_count += page->counted[i].marks >= POISON_MARKS;
}

static void
count_last_run(void)
{
	if (page->is_marked && page->stepping[0] != '\0') {
		size_t place = place_of(page->stepping);

		memcpy(page->counted[place].key, page->stepping, KEY_SIZE);
		page->counted[place].marks++;
		log_event(LOG_LEVEL_ERR, "step_crashed", "record=%s marks=%d "
		    "bars=%d", page->stepping, page->counted[place].marks,
		    POISON_MARKS);
	}
	page->is_marked = 0;
	page->stepping[0] = '\0';
}

/* A page that somebody else wrote ends every text all the same. */
static void
make_sound(void)
{
	if (memcmp(page->magic, magic, sizeof(magic)) != 0) {
		memset(page, 0, sizeof(*page));
		memcpy(page->magic, magic, sizeof(magic));
	}
	page->stepping[KEY_SIZE - 1] = '\0';
	for (size_t i = 0; i < POISON_MAX; i++)
		page->counted[i].key[KEY_SIZE - 1] = '\0';
}

bool
poison_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600), error;
	void *mapped;

	if (fd < 0)
		return false;
	if (ftruncate(fd, sizeof(struct page)) != 0) {
		error = errno;
		close(fd);
		errno = error;
		return false;
	}
	mapped = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	error = errno;
	close(fd);
	errno = error;
	if (mapped == MAP_FAILED)
		return false;
	page = mapped;
	make_sound();
	count_last_run();
	count_barred();
	set_handlers();
	return true;
}

void
poison_close(void)
{
	if (page == NULL)
		return;
	page->stepping[0] = '\0';
	munmap(page, sizeof(*page));
	page = NULL;
	barred_count = 0;
}

void
poison_member_key(const char *bytes, size_t length, char ret_key[KEY_SIZE])
{
	enum { SEEN_MAX = 64 * 1024, SHOWN = 32 };
	char hex[DIGEST_SHA256_HEX_SIZE];

	digest_sha256_hex(bytes, length < SEEN_MAX ? length : SEEN_MAX, hex);
	snprintf(ret_key, KEY_SIZE, "in:%.*s", SHOWN, hex);
}

void
poison_enter(const char *key)
{
	size_t length = strlen(key);

	if (page == NULL)
		return;
	CHECK(length < KEY_SIZE);
	memcpy(page->stepping, key, length + 1);
}

void
poison_leave(void)
{
	if (page != NULL)
		page->stepping[0] = '\0';
}

bool
poison_is_barred(const char *key)
{
	if (barred_count == 0)
		return false;
	for (size_t i = 0; i < POISON_MAX; i++) {
		if (page->counted[i].marks >= POISON_MARKS &&
		    strcmp(page->counted[i].key, key) == 0)
			return true;
	}
	return false;
}

const char *
poison_barred(size_t place)
{
	CHECK(place < POISON_MAX);
	return barred_count > 0 && page->counted[place].marks >= POISON_MARKS ?
	    page->counted[place].key : NULL;
}

void
poison_forget(const char *key)
{
	if (page == NULL)
		return;
	for (size_t i = 0; i < POISON_MAX; i++) {
		if (strcmp(page->counted[i].key, key) == 0)
			memset(&page->counted[i], 0,
			    sizeof(page->counted[i]));
	}
	count_barred();
}
