#!/bin/sh
# modules.sh LIST MODULES.DEP: the modules that LIST, such as initrd-modules, asks for,
# with what they depend on, one a line, named as in MODULES.DEP, which is depmod's. A rule
# of LIST that is of no effect is an error: else a driver that moved or changed its name
# would be missed only by the machine that needs it.
set -eu
[ $# = 2 ] || { echo "usage: modules.sh LIST MODULES.DEP" >&2; exit 2; }
chosen=$(awk -v list="$1" -v dep="$2" '
	function covers(path, module) { return index(module "/", "kernel/" path "/") == 1 }
	function wrong(line, text) { print "modules.sh: " list ":" line ": " text >"/dev/stderr"; failed = 1 }

	NR == FNR { # LIST: PATH or - PATH
		sub(/#.*/, "")
		if ($1 == "-" && NF == 2) unwanted[$2] = FNR
		else if ($1 != "-" && NF == 1) wanted[$1] = FNR
		else if (NF) wrong(FNR, "a rule is PATH or - PATH")
		next
	}
	{ # MODULES.DEP: MODULE: WHAT IT DEPENDS ON
		sub(/:/, "")
		asked = left = 0
		for (path in wanted)
			if (covers(path, $1)) { asked = 1; found[path] }
		if (!asked) next
		for (path in unwanted)
			for (i = 1; i <= NF; i++)
				if (covers(path, $i)) { left = 1; needed[path] }
		if (left) next
		for (path in wanted)
			if (covers(path, $1)) kept[path]
		for (i = 1; i <= NF; i++) chosen[$i]
	}
	END {
		for (path in wanted)
			if (!(path in found)) wrong(wanted[path], dep " has no " path ": name what is in its place, or take the rule away where that is built in")
			else if (!(path in kept)) wrong(wanted[path], "rules with - leave nothing of " path)
		for (path in unwanted)
			if (!(path in needed)) wrong(unwanted[path], "nothing that is asked for needs " path ": take the rule away")
		if (failed) exit 1
		for (module in chosen) print module
	}' "$1" "$2")
printf '%s\n' "$chosen" | LC_ALL=C sort
