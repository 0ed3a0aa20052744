# libcheck
