/* SPDX-License-Identifier: MIT */
/* loop: wait, act, arm. */
#include "daemon/loop.h"

#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/notify.h"

enum { TICK_MS = 1000 };

struct loop {
	struct daemon *daemon;
	struct event *timer, *term, *interrupt, *hangup;
	int stops;                      /* SIGTERMs and SIGINTs so far */
	bool must_reload;
	int64_t next_tick_ms;
	int64_t stop_by_ms;
};

static void
on_stop(evutil_socket_t signal_number, short what, void *context)
{
	struct loop *loop = context;

	(void)signal_number;
	(void)what;
	loop->stops++;
	/* The second one means now: what is in hand comes back by itself. */
	if (loop->stops > 1)
		_exit(EXIT_SUCCESS);
}

static void
on_hangup(evutil_socket_t signal_number, short what, void *context)
{
	struct loop *loop = context;

	(void)signal_number;
	(void)what;
	loop->must_reload = true;
}

static void
on_timer(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	(void)context;
}

static void
begin(struct loop *loop)
{
	struct event_base *base = daemon_base(loop->daemon);

	loop->timer = evtimer_new(base, on_timer, loop);
	loop->term = evsignal_new(base, SIGTERM, on_stop, loop);
	loop->interrupt = evsignal_new(base, SIGINT, on_stop, loop);
	loop->hangup = evsignal_new(base, SIGHUP, on_hangup, loop);
	CHECK(loop->timer != NULL && loop->term != NULL &&
	    loop->interrupt != NULL && loop->hangup != NULL);
	evsignal_add(loop->term, NULL);
	evsignal_add(loop->interrupt, NULL);
	evsignal_add(loop->hangup, NULL);
}

static void
end(struct loop *loop)
{
	event_free(loop->timer);
	event_free(loop->term);
	event_free(loop->interrupt);
	event_free(loop->hangup);
}

static void
arm(struct loop *loop, bool has_more)
{
	int64_t now_ms = clock_monotonic_ms();
	int64_t sleep_ms = has_more ? 0 : daemon_sleep_ms(loop->daemon);
	struct timeval after;

	if (sleep_ms > loop->next_tick_ms - now_ms)
		sleep_ms = loop->next_tick_ms - now_ms;
	if (sleep_ms < 0)
		sleep_ms = 0;
	after.tv_sec = sleep_ms / 1000;
	after.tv_usec = sleep_ms % 1000 * 1000;
	evtimer_add(loop->timer, &after);
}

static void
pass(struct loop *loop)
{
	int64_t now_ms;
	bool has_more;

	event_base_loop(daemon_base(loop->daemon), EVLOOP_ONCE);
	now_ms = clock_monotonic_ms();
	if (now_ms >= loop->next_tick_ms) {
		daemon_tick(loop->daemon);
		loop->next_tick_ms = now_ms + TICK_MS;
	}
	if (loop->must_reload) {
		loop->must_reload = false;
		daemon_reload(loop->daemon);
	}
	has_more = daemon_run(loop->daemon);
	notify_alive(clock_monotonic_ms());
	arm(loop, has_more);
}

int
loop_run(struct daemon *daemon, int64_t drain_ms)
{
	struct loop loop = { .daemon = daemon };

	begin(&loop);
	notify_ready("starting");
	arm(&loop, true);
	while (loop.stops == 0)
		pass(&loop);
	notify_stopping("finishing what is in hand");
	daemon_drain(daemon);
	loop.stop_by_ms = clock_monotonic_ms() + drain_ms;
	while (!daemon_is_drained(daemon) &&
	    clock_monotonic_ms() < loop.stop_by_ms)
		pass(&loop);
	end(&loop);
	return EXIT_SUCCESS;
}
