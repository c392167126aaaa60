# commit.sh: says of the work tree that is the working directory which commit it is of, of
# which time, in seconds since 1970, and, from the second line on, in what it differs.
#
# Neither the index nor the settings of whoever builds are asked: they may say of a change
# that it is none.
set -eu
git config --global --replace-all safe.directory "$PWD"
rm -rf .git/index .git/info
set -- -c core.fileMode=true -c core.symlinks=true -c core.autocrlf=false -c core.excludesFile= \
	-c core.attributesFile= -c core.fsmonitor=false -c core.sparseCheckout=false
git show --no-patch --no-show-signature --format='%H %ct' HEAD
git "$@" read-tree HEAD
git "$@" status --porcelain --untracked-files=all --ignore-submodules=none --no-renames
# One that is not of the commit may hide files, and itself.
git "$@" ls-files --others ':(glob)**/.gitignore'
