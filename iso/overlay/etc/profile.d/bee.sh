# shellcheck shell=sh
# The same prompt in bash and busybox ash, on every base.
PS1='\u@\h:\w\$ '

# Whoever stands at a console sees there what the audit finds.
case $-$(tty) in
*i*/dev/tty*)
	[ -e /var/log/bee-audit.json ] || echo "The audit is running. What it finds will be shown here."
	(/usr/local/lib/bee/console-report $$ &)
	;;
esac
