# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# For the scripts that plant bugs in a copy of the tree; they source this file.

# configured_copy TOP COPY BUILDDIR [ARGUMENT…]: copies the tree to COPY and configures it there like
# BUILDDIR, with the arguments as well. The working directory is then COPY/build-plants. COPY
# contains only relative paths, so it can be copied as a whole.
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
