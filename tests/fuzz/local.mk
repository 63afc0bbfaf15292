# Targets for libFuzzer: built with --enable-fuzz and clang alone, by ./dev fuzz.
# Pattern:  FUZZ_TARGETS += tests/fuzz/NAME
#           tests_fuzz_NAME_SOURCES = tests/fuzz/NAME.c $(FUZZ_COMMON)
#           tests_fuzz_NAME_CPPFLAGS = $(FUZZ_CPPFLAGS)
#           tests_fuzz_NAME_LDADD = $(FUZZ_LIBS)
#           tests_fuzz_NAME_LDFLAGS = $(FUZZ_LINK)
# Seeds lie in tests/fuzz/corpus/NAME, inputs that found a bug in tests/fuzz/found/NAME.
FUZZ_TARGETS =
FUZZ_COMMON = tests/fuzz/fuzz.c tests/fuzz/fuzz.h
FUZZ_PROVIDER = tests/fuzz/providers.c tests/fuzz/providers.h
FUZZ_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) -DFUZZ_SOURCE='"$(abs_top_srcdir)"'
FUZZ_LIBS = $(LIBCALLBACK_LIBS)
FUZZ_LINK = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
FUZZ_TARGETS += tests/fuzz/intake
tests_fuzz_intake_SOURCES = tests/fuzz/intake.c $(FUZZ_COMMON)
tests_fuzz_intake_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_intake_LDADD = $(FUZZ_LIBS)
tests_fuzz_intake_LDFLAGS = $(FUZZ_LINK)
FUZZ_TARGETS += tests/fuzz/phone
tests_fuzz_phone_SOURCES = tests/fuzz/phone.c $(FUZZ_COMMON)
tests_fuzz_phone_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_phone_LDADD = $(FUZZ_LIBS)
tests_fuzz_phone_LDFLAGS = $(FUZZ_LINK)
FUZZ_TARGETS += tests/fuzz/record
tests_fuzz_record_SOURCES = tests/fuzz/record.c $(FUZZ_COMMON)
tests_fuzz_record_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_record_LDADD = $(FUZZ_LIBS)
tests_fuzz_record_LDFLAGS = $(FUZZ_LINK)
FUZZ_TARGETS += tests/fuzz/text
tests_fuzz_text_SOURCES = tests/fuzz/text.c $(FUZZ_COMMON)
tests_fuzz_text_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_text_LDADD = $(FUZZ_LIBS)
tests_fuzz_text_LDFLAGS = $(FUZZ_LINK)
FUZZ_TARGETS += tests/fuzz/template
tests_fuzz_template_SOURCES = tests/fuzz/template.c $(FUZZ_COMMON)
tests_fuzz_template_CPPFLAGS = $(FUZZ_CPPFLAGS) $(EXPAT_CFLAGS)
tests_fuzz_template_LDADD = $(FUZZ_LIBS) $(EXPAT_LIBS)
tests_fuzz_template_LDFLAGS = $(FUZZ_LINK)
FUZZ_TARGETS += tests/fuzz/form
tests_fuzz_form_SOURCES = tests/fuzz/form.c $(FUZZ_COMMON) sandbox/form.c sandbox/form.h sandbox/memory.c sandbox/memory.h
tests_fuzz_form_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_form_LDADD = $(FUZZ_LIBS)
tests_fuzz_form_LDFLAGS = $(FUZZ_LINK)
FUZZ_TARGETS += tests/fuzz/twiml
tests_fuzz_twiml_SOURCES = tests/fuzz/twiml.c $(FUZZ_COMMON) sandbox/twiml.c sandbox/twiml.h sandbox/memory.c sandbox/memory.h
tests_fuzz_twiml_CPPFLAGS = $(FUZZ_CPPFLAGS) $(EXPAT_CFLAGS)
tests_fuzz_twiml_LDADD = $(FUZZ_LIBS) $(EXPAT_LIBS)
tests_fuzz_twiml_LDFLAGS = $(FUZZ_LINK)
FUZZ_TARGETS += tests/fuzz/resp
tests_fuzz_resp_SOURCES = tests/fuzz/resp.c $(FUZZ_COMMON) $(REDIS_LINK_SOURCES) \
	daemon/store.c daemon/store.h daemon/clock.c daemon/clock.h daemon/log.c daemon/log.h
tests_fuzz_resp_CPPFLAGS = $(FUZZ_CPPFLAGS) -Idaemon $(EVENT_CFLAGS) $(HIREDIS_CFLAGS)
tests_fuzz_resp_LDADD = $(FUZZ_LIBS) $(EVENT_LIBS) $(HIREDIS_LIBS) $(CRYPTO_LIBS)
tests_fuzz_resp_LDFLAGS = $(FUZZ_LINK)
FUZZ_TARGETS += tests/fuzz/redis
tests_fuzz_redis_SOURCES = tests/fuzz/redis.c $(FUZZ_COMMON) $(REDIS_LINK_SOURCES) daemon/log.c daemon/log.h \
	daemon/clock.c daemon/clock.h
tests_fuzz_redis_CPPFLAGS = $(FUZZ_CPPFLAGS) -Idaemon $(EVENT_CFLAGS) $(HIREDIS_CFLAGS)
tests_fuzz_redis_LDADD = $(FUZZ_LIBS) $(EVENT_LIBS) $(HIREDIS_LIBS) $(CRYPTO_LIBS)
tests_fuzz_redis_LDFLAGS = $(FUZZ_LINK)
FUZZ_TARGETS += tests/fuzz/guard
tests_fuzz_guard_SOURCES = tests/fuzz/guard.c $(FUZZ_COMMON)
tests_fuzz_guard_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_guard_LDADD = $(FUZZ_LIBS) $(LIBNET_LIBS)
tests_fuzz_guard_LDFLAGS = $(FUZZ_LINK)
FUZZ_TARGETS += tests/fuzz/provider_file
tests_fuzz_provider_file_SOURCES = tests/fuzz/provider_file.c tests/fuzz/libconfig.c $(FUZZ_COMMON) $(FUZZ_PROVIDER)
tests_fuzz_provider_file_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_provider_file_LDADD = $(FUZZ_LIBS)
tests_fuzz_provider_file_LDFLAGS = $(FUZZ_LINK)
FUZZ_TARGETS += tests/fuzz/provider_answer
tests_fuzz_provider_answer_SOURCES = tests/fuzz/provider_answer.c $(FUZZ_COMMON) $(FUZZ_PROVIDER)
tests_fuzz_provider_answer_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_provider_answer_LDADD = $(FUZZ_LIBS)
tests_fuzz_provider_answer_LDFLAGS = $(FUZZ_LINK)
FUZZ_TARGETS += tests/fuzz/provider_webhook
tests_fuzz_provider_webhook_SOURCES = tests/fuzz/provider_webhook.c $(FUZZ_COMMON) $(FUZZ_PROVIDER) tests/fuzz/signing.c \
	tests/fuzz/signing.h
tests_fuzz_provider_webhook_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_provider_webhook_LDADD = $(FUZZ_LIBS)
tests_fuzz_provider_webhook_LDFLAGS = $(FUZZ_LINK)
FUZZ_TARGETS += tests/fuzz/signature
tests_fuzz_signature_SOURCES = tests/fuzz/signature.c $(FUZZ_COMMON)
tests_fuzz_signature_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_signature_LDADD = $(FUZZ_LIBS)
tests_fuzz_signature_LDFLAGS = $(FUZZ_LINK)
FUZZ_TARGETS += tests/fuzz/settings
tests_fuzz_settings_SOURCES = tests/fuzz/settings.c tests/fuzz/libconfig.c $(FUZZ_COMMON) \
	$(SETTINGS_SOURCES)
tests_fuzz_settings_CPPFLAGS = $(FUZZ_CPPFLAGS) $(CONFIG_CFLAGS)
tests_fuzz_settings_LDADD = $(FUZZ_LIBS) $(CONFIG_LIBS)
tests_fuzz_settings_LDFLAGS = $(FUZZ_LINK)
FUZZ_TARGETS += tests/fuzz/http
tests_fuzz_http_SOURCES = tests/fuzz/http.c $(FUZZ_COMMON)
tests_fuzz_http_CPPFLAGS = $(FUZZ_CPPFLAGS) $(EVENT_CFLAGS)
tests_fuzz_http_LDADD = $(FUZZ_LIBS) $(LIBNET_LIBS)
tests_fuzz_http_LDFLAGS = $(FUZZ_LINK)
FUZZ_TARGETS += tests/fuzz/format
tests_fuzz_format_SOURCES = tests/fuzz/format.c $(FUZZ_COMMON) daemon/settings_format.c \
	daemon/settings_format.h daemon/settings_when.c daemon/settings_when.h
tests_fuzz_format_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_format_LDADD = $(FUZZ_LIBS)
tests_fuzz_format_LDFLAGS = $(FUZZ_LINK)
FUZZ_TARGETS += tests/fuzz/situation
tests_fuzz_situation_SOURCES = tests/fuzz/situation.c $(FUZZ_COMMON)
tests_fuzz_situation_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_situation_LDADD = $(FUZZ_LIBS)
tests_fuzz_situation_LDFLAGS = $(FUZZ_LINK)
FUZZ_STAND_IN = tests/fuzz/stand_in.c tests/fuzz/stand_in.h daemon/store.c daemon/store.h daemon/resp.c \
	daemon/resp.h daemon/clock.c daemon/clock.h daemon/log.c daemon/log.h
FUZZ_TARGETS += tests/fuzz/api
tests_fuzz_api_SOURCES = tests/fuzz/api.c $(FUZZ_COMMON) $(FUZZ_STAND_IN) daemon/api.c daemon/api.h daemon/api_internal.h \
	daemon/api_find.c daemon/api_full.c daemon/api_show.c daemon/api_people.c daemon/api_last.c daemon/api_ask.c \
	daemon/api_act.c daemon/api_buried.c daemon/api_providers.c daemon/api_json.c \
	daemon/api_inbound.c daemon/api_listed.c daemon/api_messages.c daemon/suppress.c daemon/suppress.h \
	daemon/api_blocked.c daemon/block.c daemon/block.h daemon/settings_when.c daemon/settings_when.h \
	daemon/callers.c daemon/callers.h daemon/limit.c daemon/limit.h \
	daemon/api_json.h daemon/submit.c daemon/submit.h daemon/poison.c daemon/poison.h
tests_fuzz_api_CPPFLAGS = $(FUZZ_CPPFLAGS) -Idaemon $(EVENT_CFLAGS) $(HIREDIS_CFLAGS) \
	$(CURL_CFLAGS) $(CRYPTO_CFLAGS)
tests_fuzz_api_LDADD = $(FUZZ_LIBS) $(LIBNET_LIBS) $(EVENT_LIBS) $(HIREDIS_LIBS) $(CRYPTO_LIBS)
tests_fuzz_api_LDFLAGS = $(FUZZ_LINK)
FUZZ_TARGETS += tests/fuzz/webhooks
tests_fuzz_webhooks_SOURCES = tests/fuzz/webhooks.c $(FUZZ_COMMON) $(FUZZ_PROVIDER) $(FUZZ_STAND_IN) \
	tests/fuzz/signing.c tests/fuzz/signing.h daemon/webhooks.c daemon/webhooks.h daemon/webhook_parcel.c \
	daemon/webhook_parcel.h daemon/webhook_memory.c daemon/webhook_memory.h daemon/flows.c daemon/flows.h \
	daemon/spoken.c daemon/spoken.h daemon/calls.c daemon/calls.h daemon/calls_answer.c daemon/calls_values.c \
	daemon/calls_internal.h
tests_fuzz_webhooks_CPPFLAGS = $(FUZZ_CPPFLAGS) -Idaemon $(EVENT_CFLAGS) $(HIREDIS_CFLAGS) \
	$(CURL_CFLAGS) $(CRYPTO_CFLAGS)
tests_fuzz_webhooks_LDADD = $(FUZZ_LIBS) $(LIBNET_LIBS) $(EVENT_LIBS) $(HIREDIS_LIBS) $(CRYPTO_LIBS)
tests_fuzz_webhooks_LDFLAGS = $(FUZZ_LINK)
daemon/tests_fuzz_webhooks-store.$(OBJEXT): daemon/scripts.h
daemon/tests_fuzz_api-store.$(OBJEXT): daemon/scripts.h
daemon/tests_fuzz_resp-store.$(OBJEXT): daemon/scripts.h
EXTRA_PROGRAMS += $(FUZZ_TARGETS)
EXTRA_DIST += tests/fuzz.sh tests/soak.sh tests/fuzz/bench.conf tests/fuzz/wide_json.conf tests/fuzz/wide_form.conf tests/fuzz/corpus tests/fuzz/found
.PHONY: fuzz-targets fuzz-names
fuzz-targets: $(FUZZ_TARGETS)
fuzz-names:
	@echo $(FUZZ_TARGETS)
