providersdir = $(pkgdatadir)/providers
dist_providers_DATA = config/providers/asterisk.conf config/providers/bandwidth.conf \
	config/providers/freeswitch.conf config/providers/mango.conf config/providers/plivo.conf \
	config/providers/sandbox.conf config/providers/signalwire.conf config/providers/smsc.conf \
	config/providers/telegram.conf config/providers/telnyx.conf config/providers/twilio.conf \
	config/providers/voximplant.conf config/providers/vonage.conf config/providers/zadarma.conf
# The other half of three of them, to be put where the provider reads it.
asteriskdir = $(pkgdatadir)/asterisk
dist_asterisk_DATA = config/asterisk/queue.conf config/asterisk/extensions.conf config/asterisk/http.conf \
	config/asterisk/ari.conf config/asterisk/pjsip.conf config/asterisk/indications.conf
freeswitchdir = $(pkgdatadir)/freeswitch
dist_freeswitch_DATA = config/freeswitch/callbackd.xml
voximplantdir = $(pkgdatadir)/voximplant
dist_voximplant_DATA = config/voximplant/bridge.js
# The example configuration finds what it names beside itself; the sandbox's too.
dist_pkgdata_DATA = config/callbackd.conf config/twilio.secret
scriptsdir = $(pkgdatadir)/scripts
dist_scripts_DATA = config/scripts/info.ru.txt config/scripts/delivery.ru.txt \
	config/scripts/directors.ru.txt
messagesdir = $(pkgdatadir)/messages
dist_messages_DATA = config/messages/ru.conf config/messages/en.conf
sandboxdir = $(pkgdatadir)/sandbox
dist_sandbox_DATA = config/sandbox/callbackd.conf config/sandbox/demo.conf \
	config/sandbox/phones.conf
