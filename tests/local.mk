EXTRA_DIST += \
	tests/install-deps \
	tests/lint/cc \
	tests/lint/cppcheck.txt \
	tests/lint/run \
	tests/packages \
	$(NULL)

include tests/system/local.mk
