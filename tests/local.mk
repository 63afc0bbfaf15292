# Every test is a program of its own; `make check` runs those listed in TESTS.
# Pattern:  check_PROGRAMS += tests/unit/NAME
#           tests_unit_NAME_SOURCES = tests/unit/NAME.c
#           tests_unit_NAME_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
#           tests_unit_NAME_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
# What ./dev and the end-to-end tests need in a tarball; some lie in the list of what they test.
EXTRA_DIST += \
	sandbox/run.sh \
	tests/chaos/aof_tails.py \
	tests/chaos/campaign.py \
	tests/chaos/checker.py \
	tests/chaos/crash_points.py \
	tests/chaos/crowd.py \
	tests/chaos/failovers.py \
	tests/chaos/faults.py \
	tests/chaos/fraud.py \
	tests/chaos/planted.py \
	tests/chaos/proxy.py \
	tests/chaos/recovery.py \
	tests/chaos/world.py \
	tests/check.sh \
	tests/e2e/company.py \
	tests/e2e/conftest.py \
	tests/e2e/dialplan.py \
	tests/e2e/engines.py \
	tests/e2e/harness.py \
	tests/e2e/hostile.py \
	tests/e2e/kamailio/kamailio.cfg \
	tests/e2e/kamailio/kamailio.conf \
	tests/e2e/lines.py \
	tests/e2e/test_audit.py \
	tests/e2e/test_blocked.py \
	tests/e2e/test_fraud.py \
	tests/e2e/test_calls.py \
	tests/e2e/test_campaign.py \
	tests/e2e/test_cases.py \
	tests/e2e/test_hours.py \
	tests/e2e/test_chaos.py \
	tests/e2e/test_desk.py \
	tests/e2e/test_presence.py \
	tests/e2e/test_shift.py \
	tests/e2e/test_dial.py \
	tests/e2e/test_engines.py \
	tests/e2e/test_failover.py \
	tests/e2e/test_flows.py \
	tests/e2e/test_hostile.py \
	tests/e2e/test_hostile_provider.py \
	tests/e2e/test_intake.py \
	tests/e2e/test_kamailio.py \
	tests/e2e/test_doors.py \
	tests/e2e/test_duty.py \
	tests/e2e/test_expect.py \
	tests/e2e/test_day.py \
	tests/e2e/set_clock.c \
	tests/e2e/test_lifecycle.py \
	tests/e2e/test_line.py \
	tests/e2e/test_manual.py \
	tests/e2e/test_messages.py \
	tests/e2e/test_smsc.py \
	tests/e2e/test_nodes.py \
	tests/e2e/test_offers.py \
	tests/e2e/test_pace.py \
	tests/e2e/test_partners.py \
	tests/e2e/test_poison.py \
	tests/e2e/test_prefer.py \
	tests/e2e/test_provider.py \
	tests/e2e/test_redis.py \
	tests/e2e/test_sms.py \
	tests/e2e/test_specs.py \
	tests/e2e/test_voximplant.py \
	tests/e2e/test_webhooks.py \
	tests/valgrind.supp
# Walks the real tables through every world they can come to; --large: for long.
MODEL_TESTS = tests/model/walk
tests_model_walk_SOURCES = tests/model/walk.c tests/model/world.c tests/model/world.h \
	tests/model/world_internal.h tests/model/world_pack.c tests/model/world_load.c \
	tests/model/world_check.c tests/model/world_moves.c
tests_model_walk_LDADD = $(LIBCALLBACK_LIBS)
check_PROGRAMS += $(MODEL_TESTS)
TESTS += $(MODEL_TESTS)
# The daemon's own engine in nodes that crash, over a store, a provider and people in one seeded clock.
SIM_TESTS = tests/sim/sim
tests_sim_sim_SOURCES = tests/sim/sim.c tests/sim/sim.h tests/sim/sim_clock.c \
	tests/sim/sim_link.c tests/sim/sim_company.c tests/sim/sim_desk.c tests/sim/sim_faults.c \
	tests/sim/sim_hooks.c tests/sim/sim_node.c tests/sim/sim_line.c tests/sim/sim_line.h \
	tests/sim/sim_post.c tests/sim/sim_text.c tests/sim/sim_people.c tests/sim/sim_check.c \
	tests/sim/sim_see.c tests/sim/sim_store.c tests/store/keyspace.c tests/store/keyspace.h \
	tests/store/arguments.c tests/store/arguments.h lib/phone_plain.c
# (How numbers are read is tried elsewhere: libphonenumber would be a tenth of its time.)
tests_sim_sim_CPPFLAGS = $(AM_CPPFLAGS) -Idaemon $(HIREDIS_CFLAGS) $(JANSSON_CFLAGS) $(CRYPTO_CFLAGS)
tests_sim_sim_LDADD = $(LIBDAEMON) $(LIBCALLBACK_LIBS)
if HAVE_CMOCKA
# One queue, its order and what is said to who asks, against theory.
SIM_TESTS += tests/sim/schedule
tests_sim_schedule_SOURCES = tests/sim/schedule.c bench/parts/queue_sim.c bench/parts/queue_sim.h
tests_sim_schedule_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_sim_schedule_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
# A night in which it is closed, and the day behind it.
SIM_TESTS += tests/sim/night
tests_sim_night_SOURCES = tests/sim/night.c bench/parts/night_sim.c bench/parts/night_sim.h
tests_sim_night_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_sim_night_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
endif
check_PROGRAMS += $(SIM_TESTS)
TESTS += $(SIM_TESTS)
# What the providers' own packages judge, by ./dev check.
check_PROGRAMS += tests/node/print_flows
tests_node_print_flows_SOURCES = tests/node/print_flows.c
tests_node_print_flows_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
tests_node_print_flows_LDADD = $(LIBCALLBACK_LIBS)
EXTRA_DIST += tests/node/package.json tests/node/package-lock.json tests/node/vendors.test.mjs \
	tests/node/bridge.test.mjs tests/node/voxengine.mjs tests/node/run_bridge.mjs
# Distributed also from where no unit test can be built.
EXTRA_DIST += tests/unit/article.conf
EXTRA_DIST += tests/unit/webhooks/make.py tests/unit/webhooks/asterisk.json \
	tests/unit/webhooks/bandwidth.json tests/unit/webhooks/freeswitch.json \
	tests/unit/webhooks/mango.json tests/unit/webhooks/plivo.json \
	tests/unit/webhooks/signalwire.json tests/unit/webhooks/smsc.json \
	tests/unit/webhooks/telnyx.json tests/unit/webhooks/twilio.json \
	tests/unit/webhooks/vonage.json tests/unit/webhooks/voximplant.json \
	tests/unit/webhooks/zadarma.json
GOLDEN_REQUESTS = tests/unit/golden/asterisk.txt tests/unit/golden/freeswitch.txt \
	tests/unit/golden/mango.txt tests/unit/golden/sandbox.txt tests/unit/golden/signalwire.txt \
	tests/unit/golden/twilio.txt tests/unit/golden/voximplant.txt tests/unit/golden/bandwidth.txt \
	tests/unit/golden/plivo.txt tests/unit/golden/smsc.txt tests/unit/golden/telegram.txt \
	tests/unit/golden/telnyx.txt tests/unit/golden/vonage.txt tests/unit/golden/zadarma.txt
EXTRA_DIST += $(GOLDEN_REQUESTS)
if HAVE_CMOCKA
UNIT_TESTS =
UNIT_TESTS += tests/unit/message
tests_unit_message_SOURCES = tests/unit/message.c
tests_unit_message_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_message_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/http
tests_unit_http_SOURCES = tests/unit/http.c
tests_unit_http_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(EVENT_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_http_LDADD = $(LIBNET_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/spoken
tests_unit_spoken_SOURCES = tests/unit/spoken.c
tests_unit_spoken_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_spoken_LDADD = $(LIBDAEMON) $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/log
tests_unit_log_SOURCES = tests/unit/log.c
tests_unit_log_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(EVENT_CFLAGS)
tests_unit_log_LDADD = $(LIBDAEMON) $(EVENT_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/ready_pool
tests_unit_ready_pool_SOURCES = tests/unit/ready_pool.c
tests_unit_ready_pool_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_ready_pool_LDADD = $(LIBDAEMON) $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/clock
tests_unit_clock_SOURCES = tests/unit/clock.c
tests_unit_clock_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_clock_LDADD = $(LIBDAEMON) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/zone
tests_unit_zone_SOURCES = tests/unit/zone.c
tests_unit_zone_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_zone_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/text
tests_unit_text_SOURCES = tests/unit/text.c
tests_unit_text_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_text_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/phone
tests_unit_phone_SOURCES = tests/unit/phone.c
tests_unit_phone_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_phone_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/intake
tests_unit_intake_SOURCES = tests/unit/intake.c
tests_unit_intake_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_intake_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/redis_link
tests_unit_redis_link_SOURCES = tests/unit/redis_link.c tests/unit/slowed.h
tests_unit_redis_link_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(EVENT_CFLAGS) $(HIREDIS_CFLAGS)
tests_unit_redis_link_LDADD = $(LIBDAEMON) $(LIBCALLBACK_LIBS) $(EVENT_LIBS) $(HIREDIS_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/embedded_redis
tests_unit_embedded_redis_SOURCES = tests/unit/embedded_redis.c
tests_unit_embedded_redis_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(HIREDIS_CFLAGS)
tests_unit_embedded_redis_LDADD = $(LIBDAEMON) $(LIBCALLBACK_LIBS) $(HIREDIS_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/template
tests_unit_template_SOURCES = tests/unit/template.c
tests_unit_template_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_template_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/signature
tests_unit_signature_SOURCES = tests/unit/signature.c
tests_unit_signature_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_signature_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/signature_vectors
tests_unit_signature_vectors_SOURCES = tests/unit/signature_vectors.c
tests_unit_signature_vectors_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_signature_vectors_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/webhook_words
tests_unit_webhook_words_SOURCES = tests/unit/webhook_words.c
tests_unit_webhook_words_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_webhook_words_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/webhook_memory
tests_unit_webhook_memory_SOURCES = tests/unit/webhook_memory.c
tests_unit_webhook_memory_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_webhook_memory_LDADD = $(LIBDAEMON) $(CRYPTO_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/provider_webhooks
tests_unit_provider_webhooks_SOURCES = tests/unit/provider_webhooks.c
tests_unit_provider_webhooks_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_provider_webhooks_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/provider
tests_unit_provider_SOURCES = tests/unit/provider.c
tests_unit_provider_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_provider_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/provider_request
tests_unit_provider_request_SOURCES = tests/unit/provider_request.c
tests_unit_provider_request_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(JANSSON_CFLAGS) $(CRYPTO_CFLAGS)
tests_unit_provider_request_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/provider_files
tests_unit_provider_files_SOURCES = tests/unit/provider_files.c
tests_unit_provider_files_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(CRYPTO_CFLAGS)
tests_unit_provider_files_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/provider_health
tests_unit_provider_health_SOURCES = tests/unit/provider_health.c
tests_unit_provider_health_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_provider_health_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/provider_choice
tests_unit_provider_choice_SOURCES = tests/unit/provider_choice.c
tests_unit_provider_choice_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_provider_choice_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/provider_level
tests_unit_provider_level_SOURCES = tests/unit/provider_level.c
tests_unit_provider_level_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_provider_level_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/settings
tests_unit_settings_SOURCES = tests/unit/settings.c tests/unit/slowed.h
tests_unit_settings_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(CONFIG_CFLAGS)
tests_unit_settings_LDADD = $(LIBDAEMON) $(LIBCALLBACK_LIBS) $(CONFIG_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/prefer
tests_unit_prefer_SOURCES = tests/unit/prefer.c
tests_unit_prefer_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_prefer_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/life
tests_unit_life_SOURCES = tests/unit/life.c
tests_unit_life_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_life_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/record
tests_unit_record_SOURCES = tests/unit/record.c
tests_unit_record_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_record_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/standing
tests_unit_standing_SOURCES = tests/unit/standing.c
tests_unit_standing_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_standing_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/audit
tests_unit_audit_SOURCES = tests/unit/audit.c
tests_unit_audit_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_audit_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/match
tests_unit_match_SOURCES = tests/unit/match.c
tests_unit_match_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_match_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/erlang
tests_unit_erlang_SOURCES = tests/unit/erlang.c
tests_unit_erlang_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_erlang_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/expect
tests_unit_expect_SOURCES = tests/unit/expect.c
tests_unit_expect_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_expect_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/velocity
tests_unit_velocity_SOURCES = tests/unit/velocity.c
tests_unit_velocity_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_velocity_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/rules
tests_unit_rules_SOURCES = tests/unit/rules.c
tests_unit_rules_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_rules_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/hours
tests_unit_hours_SOURCES = tests/unit/hours.c
tests_unit_hours_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_hours_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/shift
tests_unit_shift_SOURCES = tests/unit/shift.c
tests_unit_shift_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_shift_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/card
tests_unit_card_SOURCES = tests/unit/card.c
tests_unit_card_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_card_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/slot
tests_unit_slot_SOURCES = tests/unit/slot.c
tests_unit_slot_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_slot_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/doors
tests_unit_doors_SOURCES = tests/unit/doors.c
tests_unit_doors_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_doors_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/cases
tests_unit_cases_SOURCES = tests/unit/cases.c
tests_unit_cases_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_cases_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/promise
tests_unit_promise_SOURCES = tests/unit/promise.c
tests_unit_promise_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_promise_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += tests/unit/commit
tests_unit_commit_SOURCES = tests/unit/commit.c tests/store/arguments.c tests/store/arguments.h
tests_unit_commit_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_commit_LDADD = $(LIBCALLBACK_LIBS) $(CMOCKA_LIBS)
# The two scripts on a redis-server of the test's own.
STORE_TESTS = tests/store/scripts tests/store/steps
tests_store_scripts_SOURCES = tests/store/scripts.c tests/store/server.c tests/store/server.h \
	tests/store/keyspace.c tests/store/keyspace.h tests/store/arguments.c tests/store/arguments.h
tests_store_scripts_CPPFLAGS = $(AM_CPPFLAGS) -Idaemon $(CMOCKA_CFLAGS) $(HIREDIS_CFLAGS)
tests_store_scripts_LDADD = $(LIBCALLBACK_LIBS) $(HIREDIS_LIBS) $(CMOCKA_LIBS)
tests_store_steps_SOURCES = tests/store/steps.c tests/store/server.c tests/store/server.h
tests_store_steps_CPPFLAGS = $(AM_CPPFLAGS) -Idaemon $(CMOCKA_CFLAGS) $(HIREDIS_CFLAGS)
tests_store_steps_LDADD = $(LIBCALLBACK_LIBS) $(HIREDIS_LIBS) $(CMOCKA_LIBS)
tests/store/scripts-scripts.$(OBJEXT): daemon/scripts.h
tests/store/steps-steps.$(OBJEXT): daemon/scripts.h
check_PROGRAMS += $(STORE_TESTS)
TESTS += $(STORE_TESTS)
UNIT_TESTS += tests/unit/carrier
tests_unit_carrier_SOURCES = tests/unit/carrier.c tests/unit/slowed.h tests/platform/carrier_server.c \
	tests/platform/carrier_server.h
tests_unit_carrier_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(EVENT_CFLAGS) $(CURL_CFLAGS) $(CRYPTO_CFLAGS)
tests_unit_carrier_LDADD = $(LIBDAEMON) $(LIBCALLBACK_LIBS) $(EVENT_LIBS) $(CURL_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)
# What we take for granted of the libraries, so that an upgrade is noticed.
UNIT_TESTS += tests/platform/curl_facts
tests_platform_curl_facts_SOURCES = tests/platform/curl_facts.c tests/platform/carrier_server.c \
	tests/platform/carrier_server.h
tests_platform_curl_facts_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(CURL_CFLAGS) $(CRYPTO_CFLAGS)
tests_platform_curl_facts_LDADD = $(CURL_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif
