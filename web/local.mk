# Pages of the daemon, each served from a folder of its own; web/phones is the
# sandbox's (sandbox/local.mk).
shopdir = $(pkgdatadir)/web/shop
dist_shop_DATA = web/shop/index.html web/shop/shop.css web/shop/shop.js \
	web/shop/page.js web/shop/server.js web/shop/status.js web/shop/texts.js
deskdir = $(pkgdatadir)/web/desk
dist_desk_DATA = web/desk/index.html web/desk/desk.css web/desk/desk.js \
	web/desk/alarm.js web/desk/customer.js web/desk/offer.js \
	web/desk/blocked.js web/desk/closed.js web/desk/open.js web/desk/page.js web/desk/results.js \
	web/desk/server.js web/desk/story.js web/desk/texts.js \
	web/desk/tick.js web/desk/work.js
EXTRA_DIST += tests/browser/chromium.py tests/browser/conftest.py \
	tests/browser/test_pages.py
