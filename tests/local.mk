EXTRA_DIST += tests/install-deps tests/packages

include tests/system/local.mk
