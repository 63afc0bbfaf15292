# callback-sandbox: a telephone network to try callbackd on.
bin_PROGRAMS += sandbox/callback-sandbox
sandbox_callback_sandbox_SOURCES = sandbox/main.c \
	sandbox/api.c sandbox/api.h sandbox/api_internal.h \
	sandbox/api_fault.c sandbox/api_render.c \
	sandbox/call.c sandbox/call.h \
	sandbox/control.c sandbox/control.h sandbox/control_internal.h \
	sandbox/detect.c sandbox/detect.h sandbox/dial.c sandbox/dial.h \
	sandbox/faults.c sandbox/faults.h \
	sandbox/fetch.c sandbox/fetch.h \
	sandbox/flow.c sandbox/flow.h sandbox/flow_internal.h \
	sandbox/form.c sandbox/form.h \
	sandbox/ledger.c sandbox/ledger.h \
	sandbox/line.c sandbox/line.h \
	sandbox/memory.c sandbox/memory.h \
	sandbox/page.c \
	sandbox/person.c sandbox/person.h \
	sandbox/phone.c sandbox/phone.h \
	sandbox/sandbox.c sandbox/sandbox.h \
	sandbox/setup.c sandbox/setup.h \
	sandbox/text.c sandbox/text.h \
	sandbox/twiml.c sandbox/twiml.h \
	sandbox/webhook.c sandbox/webhook.h
sandbox_callback_sandbox_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS) \
	$(JANSSON_CFLAGS) $(CURL_CFLAGS) $(CONFIG_CFLAGS) $(EXPAT_CFLAGS) \
	$(CRYPTO_CFLAGS)
sandbox_callback_sandbox_LDADD = $(LIBNET_LIBS) $(CURL_LIBS) \
	$(CONFIG_LIBS) $(EXPAT_LIBS) $(CRYPTO_LIBS)
phonesdir = $(pkgdatadir)/phones
dist_phones_DATA = web/phones/index.html web/phones/phones.css \
	web/phones/phones.js
EXTRA_DIST += docs/sandbox.md tests/e2e/test_sandbox.py
