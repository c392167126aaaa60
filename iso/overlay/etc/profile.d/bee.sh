# shellcheck shell=sh
# The same prompt in bash and busybox ash, on every base.
PS1='\u@\h:\w\$ '
