# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# To be sourced by those who put planted bugs into a copy of the tree.

# configured_copy TOP COPY BUILDDIR [ARGUMENT…]: copies the tree to COPY and configures it there, in
# build-plants, which becomes the working directory: like BUILDDIR, and as the arguments say. Nothing
# in it is named from the root, so that it can be copied whole.
configured_copy() {
	local top=$1 copy=$2 build found set_up without=(--exclude=./.git --exclude=./build-tests)
	build=$(readlink -f "$3") || return
	shift 3
	cd "$top" || return
	for found in */config.status; do
		[ ! -e "$found" ] || without+=("--exclude=./${found%/*}")
	done
	mkdir -p "$copy/build-plants" &&
		tar cf - "${without[@]}" . | tar xf - -C "$copy" &&
		cd "$copy/build-plants" || return
	eval "set_up=($("$build/config.status" --config))" || return
	../configure -q "${set_up[@]}" "$@" >configure.log 2>&1 || {
		cat configure.log
		return 1
	}
}
