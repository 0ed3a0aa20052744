#!/bin/bash -eu
# SPDX-License-Identifier: LGPL-2.1-or-later
# What OSS-Fuzz runs in the folder of the sources: puts every target, its corpus, its dictionary and the
# libraries that it needs into $OUT. $CC, $CFLAGS, $LIB_FUZZING_ENGINE are OSS-Fuzz's.

[ -x configure ] || autoreconf -fi
mkdir -p "$WORK/build" "$OUT/lib"
here=$PWD
cd "$WORK/build"
"$here/configure" -q --enable-fuzzing --without-ncurses --without-microhttpd
# The flags of the sanitizers are in $CFLAGS.
flags=(SANITIZE_CFLAGS= "FUZZ_LDFLAGS=$LIB_FUZZING_ENGINE")
# Other files of that folder have their names, too.
targets=$(sed -n 's|^\ttests/fuzz/\(fuzz-[a-z]*\) \\$|\1|p' "$here/tests/fuzz/local.mk")
make -s -j"$(nproc)" "${flags[@]}" >/dev/null
# shellcheck disable=SC2046,SC2086 # words
make -s -j"$(nproc)" "${flags[@]}" $(printf 'tests/fuzz/%s ' $targets)

for target in $targets; do
	name=${target#fuzz-}
	./libtool --mode=install install "tests/fuzz/$target" "$OUT/$target" >/dev/null 2>&1 ||
		cp "tests/fuzz/$target" "$OUT/$target"
	ldd "$OUT/$target" | awk '$3 ~ "^/" { print $3 }' |
		grep -vE '/(libc|libm|libpthread|librt|libdl|libgcc_s|libstdc\+\+|libresolv)\.so' |
		xargs -r cp -t "$OUT/lib"
	# shellcheck disable=SC2016 # the loader expands it
	patchelf --set-rpath '$ORIGIN/lib' "$OUT/$target"
	[ ! -e "$here/tests/fuzz/dictionaries/$name.dict" ] ||
		cp "$here/tests/fuzz/dictionaries/$name.dict" "$OUT/$target.dict"
	zip -q -j "$OUT/${target}_seed_corpus.zip" "$here/tests/fuzz/corpus/$name"/*
done
