# Unit files name programs without a folder: systemd finds them in /usr/local and
# /usr alike.
dist_systemdsystemunit_DATA = systemd/callbackd.service systemd/callbackd-redis.service
sysusersdir = $(prefix)/lib/sysusers.d
dist_sysusers_DATA = systemd/sysusers.d/callbackd.conf
tmpfilesdir = $(prefix)/lib/tmpfiles.d
dist_tmpfiles_DATA = systemd/tmpfiles.d/callbackd.conf
