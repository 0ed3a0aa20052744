EXTRA_DIST += \
	tests/abi/run \
	tests/abi/units \
	tests/install-deps \
	tests/lint/cc \
	tests/lint/cppcheck.txt \
	tests/lint/run \
	tests/packages \
	$(NULL)

include tests/system/local.mk
