# callbackd: the shell around the core. All of it but main is a library, so that a test
# that needs a room of it compiles none twice; what a test defines itself is not taken
# from there.
noinst_LIBRARIES += daemon/libdaemon.a
DAEMON_CPPFLAGS = $(AM_CPPFLAGS) -Idaemon $(EVENT_CFLAGS) $(CURL_CFLAGS) \
	$(HIREDIS_CFLAGS) $(CONFIG_CFLAGS) $(JANSSON_CFLAGS) $(CRYPTO_CFLAGS) $(SYSTEMD_CFLAGS)
daemon_libdaemon_a_CPPFLAGS = $(DAEMON_CPPFLAGS)
daemon_libdaemon_a_SOURCES = daemon/loop.c daemon/loop.h \
	daemon/daemon.c daemon/daemon.h \
	daemon/engine.h daemon/engine_internal.h daemon/engine_slot.c daemon/engine_load.c \
	daemon/engine_step.c daemon/engine_commit.c \
	daemon/clock.c daemon/clock.h daemon/store.c daemon/store.h \
	daemon/health.c daemon/health.h daemon/provider_trial.c daemon/provider_trial.h daemon/matcher.c daemon/matcher.h \
	daemon/matcher_internal.h daemon/matcher_read.c daemon/ready_pool.c daemon/ready_pool.h \
	daemon/due_pull.c daemon/due_pull.h daemon/audit.c daemon/audit.h \
	daemon/audit_bury.c daemon/audit_check.c daemon/audit_internal.h \
	daemon/audit_partner.c daemon/poison.c daemon/poison.h \
	daemon/loss_watch.c daemon/loss_watch.h \
	daemon/promise_scan.c daemon/promise_scan.h daemon/intake_pull.c daemon/intake_pull.h \
	daemon/submit.c daemon/submit.h daemon/roster.c daemon/roster.h \
	daemon/carrier.c daemon/carrier.h daemon/carrier_sockets.c \
	daemon/carrier_sockets.h daemon/calls.c daemon/calls.h daemon/calls_answer.c daemon/calls_internal.h daemon/calls_values.c \
	daemon/line.c daemon/line.h daemon/spoken_line.c daemon/spoken_line.h \
	daemon/callers.c daemon/callers.h daemon/limit.c daemon/limit.h \
	daemon/spoken.c daemon/spoken.h daemon/flows.c daemon/flows.h \
	daemon/messages.c daemon/messages.h \
	daemon/suppress.c daemon/suppress.h daemon/block.c daemon/block.h daemon/alarms.c daemon/alarms.h \
	daemon/delays.c daemon/delays.h daemon/forecast.c daemon/forecast.h daemon/people.c daemon/people.h daemon/slots.c daemon/slots.h \
	daemon/webhooks.c daemon/webhooks.h \
	daemon/webhook_memory.c daemon/webhook_memory.h \
	daemon/webhook_parcel.c daemon/webhook_parcel.h \
	daemon/api.c daemon/api.h daemon/api_internal.h daemon/api_find.c daemon/api_full.c \
	daemon/api_blocked.c daemon/api_buried.c daemon/api_card.c daemon/api_case.c daemon/api_closed.c \
	daemon/api_customer.c daemon/api_listed.c daemon/api_messages.c daemon/api_show.c daemon/api_people.c \
	daemon/api_last.c daemon/customer.c daemon/customer.h \
	daemon/api_providers.c \
	daemon/api_ask.c daemon/api_act.c daemon/api_doors.c daemon/api_duty.c daemon/api_inbound.c \
	daemon/api_json.c daemon/api_json.h \
	daemon/log.c daemon/log.h daemon/notify.c daemon/notify.h \
	daemon/redis_address.c daemon/redis_address.h \
	daemon/redis_link.c daemon/redis_link.h daemon/redis_link_internal.h \
	daemon/redis_queue.c daemon/redis_queue.h daemon/redis_socket.c daemon/redis_socket.h \
	daemon/redis_talk.c daemon/resp.c daemon/resp.h \
	daemon/embedded_redis.c daemon/embedded_redis.h \
	daemon/redis_folder.c daemon/redis_folder.h daemon/redis_process.c daemon/redis_process.h \
	daemon/redis_probe.c daemon/redis_probe.h \
	daemon/settings.c daemon/settings.h daemon/settings_able.c daemon/settings_cases.c daemon/settings_check.c daemon/settings_dispositions.c daemon/settings_names.c daemon/settings_widen.c \
	daemon/settings_child.c daemon/settings_error.c daemon/settings_file.c \
	daemon/settings_format.c daemon/settings_format.h daemon/settings_internal.h \
	daemon/settings_messages.c \
	daemon/settings_hours.c \
	daemon/settings_policy.c daemon/settings_read.c daemon/settings_scan.c \
	daemon/settings_schema.c daemon/settings_schema.h daemon/settings_store.c \
	daemon/settings_values.c daemon/settings_when.c daemon/settings_when.h
LIBDAEMON = daemon/libdaemon.a
sbin_PROGRAMS += daemon/callbackd
daemon_callbackd_SOURCES = daemon/main.c
daemon_callbackd_CPPFLAGS = $(DAEMON_CPPFLAGS)
daemon_callbackd_LDADD = $(LIBDAEMON) $(LIBCALLBACK_LIBS) $(LIBNET_LIBS) $(EVENT_LIBS) $(CURL_LIBS) \
	$(HIREDIS_LIBS) $(CONFIG_LIBS) $(JANSSON_LIBS) $(CRYPTO_LIBS) $(SYSTEMD_LIBS) -lm

# The two scripts as C strings.
LUA = daemon/lua/claim.lua daemon/lua/commit.lua
EXTRA_DIST += $(LUA) daemon/embed.awk
BUILT_SOURCES += daemon/scripts.h
CLEANFILES += daemon/scripts.h
daemon/scripts.h: $(LUA) daemon/embed.awk
	$(AM_V_GEN)mkdir -p daemon && cd $(srcdir) && \
	$(AWK) -f daemon/embed.awk $(LUA) > $(abs_builddir)/$@.tmp && \
	mv $(abs_builddir)/$@.tmp $(abs_builddir)/$@
daemon/libdaemon_a-store.$(OBJEXT): daemon/scripts.h
dist_man_MANS += daemon/callbackd.8
