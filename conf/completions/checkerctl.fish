# SPDX-License-Identifier: LGPL-2.1-or-later
# fish completion for checkerctl. "checkerctl complete" knows the words; names of paths and maps come
# from the daemon, within one second.

function __checkerctl_complete
	set -l words (commandline -opc)
	set -l found (checkerctl complete -- $words[2..-1] (commandline -ct | string collect --allow-empty) 2>/dev/null)
	if test "$found[1]" = :files
		__fish_complete_path (commandline -ct)
	else
		printf '%s\n' $found
	end
end

complete -c checkerctl -f -a '(__checkerctl_complete)'
