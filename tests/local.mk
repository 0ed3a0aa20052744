EXTRA_DIST += \
	tests/abi/run \
	tests/abi/units \
	tests/install-deps \
	tests/lint/cc \
	tests/lint/cppcheck.txt \
	tests/lint/run \
	tests/packages \
	$(NULL)

dist_check_SCRIPTS += \
	tests/check-core-pure \
	tests/check-includes \
	$(NULL)
TESTS += \
	tests/check-core-pure \
	tests/check-includes \
	$(NULL)

include tests/system/local.mk
