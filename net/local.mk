# What the daemon and the sandbox share of the outside world: HTTP behind a guard.
noinst_LIBRARIES += net/libnet.a
net_libnet_a_SOURCES = net/http.c net/http.h net/http_internal.h net/connection.c \
	net/deadline.c net/dispatch.c net/request.c \
	net/guard.c net/guard.h net/route.c net/route.h net/listen.c net/listen.h \
	net/static.c net/static.h
net_libnet_a_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS) $(JANSSON_CFLAGS)
LIBNET_LIBS = net/libnet.a $(EVENT_LIBS) $(JANSSON_LIBS)
