# What the daemon and the sandbox share of the outside world: HTTP behind a guard.
noinst_LIBRARIES += net/libnet.a
net_libnet_a_SOURCES =
net_libnet_a_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS) $(JANSSON_CFLAGS)
LIBNET_LIBS = net/libnet.a $(EVENT_LIBS) $(JANSSON_LIBS)
