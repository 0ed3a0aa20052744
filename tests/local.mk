include tests/system/local.mk
