# shellcheck shell=sh
# The same prompt in bash and busybox ash, on every base.
PS1='\u@\h:\w\$ '

# The time zone of bee.yaml; reports, and the names of results, have UTC.
[ ! -r /run/bee/TZ ] || { read -r TZ </run/bee/TZ && export TZ; }

# Whoever stands at a console sees the text console first; Esc leads from it to this shell, and
# "bee" back. What the audit finds is shown in the shell, too.
case $-$(tty) in
*i*/dev/tty*)
	/usr/local/bin/bee
	[ -e /var/log/bee-audit.json ] || echo "The audit is running. What it finds will be shown here."
	(/usr/local/lib/bee/console-report $$ &)
	;;
esac
